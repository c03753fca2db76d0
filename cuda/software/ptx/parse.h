// The parser's parts, which are in parse.cc and parse_body.cc.
#pragma once

#include "lex.h"
#include "syntax.h"

namespace ptx {

class Parser {
  public:
    Parser(const std::string &text, ModuleText &module) : list_(tokens(text)), module_(module) {}
    void module();

  private:
    // Tokens.
    const Token &peek(size_t ahead = 0) const { return list_[std::min(at_ + ahead, list_.size() - 1)]; }
    const Token &next() { return list_[std::min(at_++, list_.size() - 1)]; }
    bool take(const char *what) { return peek().is(what) && (at_++, true); }
    void want(const char *what);
    std::string word();
    uint64_t integer();
    void skip_line(int line);
    [[noreturn]] void fail(const std::string &why) const { refuse(peek().line, why); }

    // Declarations.
    void header(const std::string &directive);
    void function(bool is_entry);
    std::vector<const Variable *> formals(Function &);
    void directives(Function &);
    Variable declaration(Space);
    size_t array(Variable &);
    void variable_in_module(Space);
    std::vector<uint8_t> initialiser(Type, size_t bytes);

    // Bodies.
    void body(Function &);
    void scoped_directive(const std::string &directive);
    void registers();
    void local_variable(Space);
    void statement();
    Operand operand();
    Operand word_operand();
    Operand number_operand();
    Operand address_operand();
    Operand list_operand(const char *end);

    std::vector<Token> list_;
    size_t at_ = 0;
    ModuleText &module_;
    Function *function_ = nullptr;
    struct Scope {
        int number;
        std::map<std::string, int> registers;
        std::map<std::string, const Variable *> variables;
    };
    std::vector<Scope> scopes_; // innermost last
    std::map<std::string, const Variable *> globals_;
};

// space_named returns false where the name is none of a state space.
bool space_named(const std::string &name, Space *);

} // namespace ptx
