// The bodies of functions: registers, labels, instructions.
#include "parse.h"

namespace ptx {

void Parser::body(Function &f) {
    want("{");
    f.has_body = true;
    function_ = &f;
    f.scope_parents = {-1};
    scopes_ = {Scope{0, {}, {}}};
    for (auto &v : f.variables) scopes_[0].variables[v.name] = &v;
    while (!scopes_.empty()) {
        if (peek().kind == Token::End) fail("function " + f.name + " has no end");
        if (take("}")) {
            scopes_.pop_back();
        } else if (take("{")) {
            f.scope_parents.push_back(scopes_.back().number);
            scopes_.push_back(Scope{(int)f.scope_parents.size() - 1, {}, {}});
        } else if (peek().kind == Token::Word && peek().text[0] == '.') {
            scoped_directive(word());
        } else if (peek().kind == Token::Word && peek(1).is(":")) {
            f.labels.push_back({word(), scopes_.back().number, f.statements.size()});
            want(":");
        } else {
            statement();
        }
    }
    function_ = nullptr;
}

void Parser::scoped_directive(const std::string &directive) {
    Space space;
    if (directive == ".reg") {
        registers();
    } else if (directive == ".loc" || directive == ".file") {
        skip_line(list_[at_ - 1].line);
    } else if (directive == ".pragma") {
        next();
        want(";");
    } else if (space_named(directive.substr(1), &space)) {
        local_variable(space);
    } else {
        fail("unknown directive " + directive);
    }
}

void Parser::registers() {
    std::string type = word();
    Type t = type_named(type.substr(1));
    if (t == Type::none) fail("unknown type " + type);
    auto declare = [&](const std::string &name) {
        if (!scopes_.back().registers.emplace(name, function_->registers.size()).second) fail("register " + name + " is there twice");
        function_->registers.push_back({name, t});
    };
    do {
        std::string name = word();
        if (take("<")) {
            uint64_t n = integer();
            want(">");
            for (uint64_t i = 0; i < n; i++) declare(name + std::to_string(i));
        } else {
            declare(name);
        }
    } while (take(","));
    want(";");
}

void Parser::local_variable(Space space) {
    if (space == Space::global || space == Space::constant) fail("such a variable has to be outside of functions");
    Variable v = declaration(space);
    if (v.external) fail("variable " + v.name + " has no extent");
    function_->variables.push_back(v);
    scopes_.back().variables[v.name] = &function_->variables.back();
    want(";");
}

void Parser::statement() {
    Statement s;
    s.line = peek().line;
    s.scope = scopes_.back().number;
    if (take("@")) {
        s.guard_negated = take("!");
        Operand guard = operand();
        if (guard.kind != Operand::Reg || function_->registers[guard.index].type != Type::pred) fail("a guard must be a predicate");
        s.guard = guard.index;
    }
    s.opcode = word();
    for (size_t from = 0; from <= s.opcode.size();) {
        size_t dot = std::min(s.opcode.find('.', from), s.opcode.size());
        s.words.push_back(s.opcode.substr(from, dot - from));
        from = dot + 1;
    }
    if (!take(";")) {
        do s.operands.push_back(operand());
        while (take(","));
        want(";");
    }
    function_->statements.push_back(std::move(s));
}

Operand Parser::operand() {
    if (take("[")) return address_operand();
    if (take("{")) return list_operand("}");
    if (take("(")) return list_operand(")");
    if (take("!")) {
        Operand o = operand();
        o.negated = !o.negated;
        return o;
    }
    if (peek().kind != Token::Word) return number_operand();
    Operand o = word_operand();
    if (take("|")) return Operand{Operand::Pair, false, 0, 0, "", nullptr, {o, word_operand()}};
    if (o.kind == Operand::Var && (peek().is("+") || peek().is("-"))) o.value = take("+") ? integer() : integer();
    return o;
}

Operand Parser::number_operand() {
    bool minus = take("-");
    const Token &t = next();
    switch (t.kind) {
    case Token::Integer:
        return {Operand::Integer, false, 0, minus ? -t.value : t.value, "", nullptr, {}};
    case Token::Single:
        return {Operand::Single, false, 0, minus ? t.value ^ (1u << 31) : t.value, "", nullptr, {}};
    case Token::Double:
        return {Operand::Double, false, 0, minus ? t.value ^ (1ull << 63) : t.value, "", nullptr, {}};
    default:
        refuse(t.line, "expected an operand and found " + t.text);
    }
}

Operand Parser::word_operand() {
    std::string name = word();
    if (name == "_") return {Operand::Sink, false, 0, 0, "", nullptr, {}};
    if (name == "WARP_SZ") return {Operand::Integer, false, 0, 32, "", nullptr, {}};
    for (size_t i = scopes_.size(); i-- > 0;) {
        auto reg = scopes_[i].registers.find(name);
        if (reg != scopes_[i].registers.end()) return {Operand::Reg, false, reg->second, 0, name, nullptr, {}};
        auto variable = scopes_[i].variables.find(name);
        if (variable != scopes_[i].variables.end()) return {Operand::Var, false, 0, 0, name, variable->second, {}};
    }
    auto global = globals_.find(name);
    if (global != globals_.end()) return {Operand::Var, false, 0, 0, name, global->second, {}};
    if (name[0] == '%') return {Operand::Special, false, 0, 0, name, nullptr, {}};
    return {Operand::Name, false, 0, 0, name, nullptr, {}};
}

// address_operand reads [base], [base+number] or [number].
Operand Parser::address_operand() {
    Operand o{Operand::Address, false, 0, 0, "", nullptr, {}};
    o.parts.push_back(peek().kind == Token::Word ? word_operand() : number_operand());
    if (o.parts[0].kind != Operand::Reg && o.parts[0].kind != Operand::Var && o.parts[0].kind != Operand::Integer)
        fail("an address needs a register, a variable or a number: " + o.parts[0].name);
    if (take("+"))
        o.value = integer();
    else if (peek().is("-"))
        o.value = integer();
    want("]");
    return o;
}

Operand Parser::list_operand(const char *end) {
    Operand o{Operand::List, false, 0, 0, "", nullptr, {}};
    while (!take(end)) {
        if (!o.parts.empty()) want(",");
        o.parts.push_back(operand());
    }
    return o;
}

} // namespace ptx
