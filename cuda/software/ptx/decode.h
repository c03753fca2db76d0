// From statements to instructions. What an opcode means is in the files ops_*.cc:
// each has a table of functions that read a statement's modifiers and operands
// and choose a handler.
#pragma once

#include "lex.h"
#include "program.h"

#include <map>
#include <set>
#include <string>

namespace ptx {

class Decoder {
  public:
    Decoder(const ModuleText &module, Kernel &kernel) : module_(module), kernel_(kernel) {}
    void decode(const Function &);

    // For the functions in the tables. The instruction under way:
    Instruction in;

    bool word(const char *w);                       // takes a modifier if it is there
    std::string one_of(std::initializer_list<const char *> words); // takes one of these, "" if none is there
    Type type();                                    // takes the next modifier, which must be a type
    bool ftz_for(Type);                             // takes .ftz, which only fp32 can have
    void finish_words();                            // refuses what modifiers are left
    size_t operands() const { return statement_->operands.size(); }
    void want_operands(size_t n);
    const Operand &operand(size_t i) const { return statement_->operands.at(i); }
    const std::string &name() const { return statement_->words[0]; }
    int target_gpu() const { return module_.target; }

    // Registers and constants as operands of the instruction. Their size must
    // be the type's.
    void out(const Operand &, Type);
    void source(const Operand &, Type);
    void pred_out(const Operand &, int i);
    void pred_source(const Operand &);
    Type register_type(const Operand &) const;      // Type::none if it is none
    int slot(const Operand &, Type);                // of a source
    int constant(uint64_t value, unsigned bytes);
    int target_slot(const Operand &, Type);
    void any_out(const Operand &, Type least);      // a register of at least this size; sets in.width
    void any_source(const Operand &, Type least);
    void address(const Operand &, Space);           // as the next source; offset in in.value
    size_t variable_address(const Variable &);
    void call();
    void branch();
    // plain decodes name{.type} out, sources... of one type with one handler.
    void plain(Handler, Type out_type, std::initializer_list<Type> sources);

    [[noreturn]] void refuse_statement(const std::string &why) const;

  private:
    void reach(const Function &, std::set<const Function *> &under_way);
    void reach_variables(const Operand &);
    void function(const Function &);
    void statement(const Statement &);
    void place_variables();
    uint32_t label(const Operand &) const;
    uint64_t immediate(const Operand &, Type) const;
    int special(const std::string &) const;

    struct Placed {
        uint32_t start = 0; // of its code
        std::vector<int> registers;
    };
    const ModuleText &module_;
    Kernel &kernel_;
    std::vector<const Function *> functions_; // the entry first, then those it calls
    std::map<const Function *, Placed> placed_;
    std::map<const Variable *, size_t> addresses_;
    std::vector<const Variable *> used_shared_;
    std::map<std::pair<uint64_t, unsigned>, int> constants_;
    const Function *function_ = nullptr;
    const Statement *statement_ = nullptr;
    std::set<size_t> words_left_;
};

using DecodeOp = void (*)(Decoder &);
using OpTable = std::map<std::string, DecodeOp>;
const OpTable &float_ops();    // decoders of floating-point arithmetic ...
const OpTable &integer_ops();
const OpTable &bit_ops();
const OpTable &compare_ops();
const OpTable &convert_ops();
const OpTable &move_ops();
const OpTable &memory_ops();
const OpTable &atomic_ops();
const OpTable &copy_ops();
const OpTable &warp_ops();
const OpTable &matrix_ops();
const OpTable &control_ops();

// check_written refuses what reads registers that no instruction writes.
void check_written(Kernel &);

} // namespace ptx
