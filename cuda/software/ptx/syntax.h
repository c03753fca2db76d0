// PTX as it was written: what the parser makes and the decoder reads.
#pragma once

#include "memory.h"
#include "ptx.h"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace ptx {

enum class Type : uint8_t { none, pred, b8, b16, b32, b64, u8, u16, u32, u64, s8, s16, s32, s64, f16, bf16, bf16x2, tf32, f32, f64 };

// type_named returns Type::none where the name (without its dot) is none of a type.
Type type_named(const std::string &name);
const char *name_of(Type);
unsigned bytes_of(Type); // 0 for predicates
inline bool is_signed(Type t) { return t >= Type::s8 && t <= Type::s64; }
inline bool is_integer(Type t) { return t >= Type::b8 && t <= Type::s64; }
inline bool is_float(Type t) { return t >= Type::f16; }
inline bool is_bits(Type t) { return t >= Type::b8 && t <= Type::b64; }

enum class Space : uint8_t { generic, param, shared, global, constant, local };

// Variable is one in memory. address is of the host in the spaces global and
// constant; the decoder lays the others out.
struct Variable {
    std::string name;
    Space space;
    Type type;
    size_t align, bytes;
    bool external = false;        // dynamic shared memory
    uint64_t address = 0;
};

struct Register {
    std::string name;
    Type type;
};

struct Operand {
    enum Kind : uint8_t {
        Reg,     // index of the function's registers
        Integer, // value
        Single,  // bits in value
        Double,  // bits in value
        Special, // %tid.x and so on: name
        Var,     // variable + value
        Name,    // a label or a function
        Address, // [parts[0] + value]; an absolute address has an Integer as part
        List,    // {a, b} or (a, b)
        Pair,    // p|q
        Sink     // _
    } kind;
    bool negated = false; // !p
    int index = 0;
    uint64_t value = 0;
    std::string name;
    const Variable *variable = nullptr;
    std::vector<Operand> parts;
};

struct Statement {
    int line;
    std::string opcode;
    std::vector<std::string> words; // of the opcode: its parts between dots
    int guard = -1;                 // predicate register
    bool guard_negated = false;
    int scope = 0; // in which labels are looked up
    std::vector<Operand> operands;
};

struct Label {
    std::string name;
    int scope;
    size_t at; // index of the statement behind it
};

struct Function {
    std::string name;
    int line = 0;
    bool is_entry = false, has_body = false;
    unsigned max_threads = 1024;
    unsigned required[3] = {0, 0, 0}; // .reqntid
    std::vector<const Variable *> results, params;
    std::deque<Variable> variables; // its own and those of params and results
    std::vector<Register> registers;
    std::vector<Statement> statements;
    std::vector<Label> labels;
    std::vector<int> scope_parents; // scope 0 is the body, whose parent is -1
};

struct Kernel;

// ModuleText is a parsed module with what was decoded of it.
struct ModuleText {
    ModuleText();
    ~ModuleText();
    std::vector<std::string> lines;
    int target = 0; // 80 for sm_80
    std::deque<Variable> variables;
    std::map<std::string, Function> functions;
    std::map<std::string, std::unique_ptr<Kernel>> kernels;
    std::vector<std::unique_ptr<char[]>> storage;         // of variables in memory
    mutable std::map<uint64_t, Allocation> allocations; // the same for checks, by begin

    const std::string &line(int number) const { return lines.at(number - 1); }
    Allocation *find(uint64_t address) const;
};

// parse fills in all but the kernels.
void parse(const std::string &text, ModuleText &);

} // namespace ptx
