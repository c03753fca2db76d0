// Operands: registers, constants, addresses.
#include "decode.h"

#include <algorithm>

namespace ptx {

namespace {

uint64_t bits_of(double d) {
    uint64_t x;
    memcpy(&x, &d, sizeof x);
    return x;
}

} // namespace

Type Decoder::register_type(const Operand &o) const {
    return o.kind == Operand::Reg ? function_->registers[o.index].type : Type::none;
}

void Decoder::out(const Operand &o, Type t) { in.out.at(in.outs++) = target_slot(o, t); }

int Decoder::target_slot(const Operand &o, Type t) {
    Type r = register_type(o);
    if (r == Type::none || r == Type::pred || bytes_of(r) != std::max(2u, bytes_of(t)))
        refuse_statement("the result " + o.name + " must be a register of " + std::to_string(bytes_of(t) * 8) + " bits");
    return placed_.at(function_).registers[o.index];
}

void Decoder::any_out(const Operand &o, Type least) {
    Type r = register_type(o);
    if (r == Type::none || r == Type::pred || bytes_of(r) < bytes_of(least)) refuse_statement("the result " + o.name + " must be a register that is large enough");
    in.width = bytes_of(r) == 8 ? 8 : 4;
    in.out.at(in.outs++) = placed_.at(function_).registers[o.index];
}

void Decoder::source(const Operand &o, Type t) { in.in.at(in.ins++) = slot(o, t); }

void Decoder::any_source(const Operand &o, Type least) {
    Type r = register_type(o);
    in.width = bytes_of(least) == 8 ? 8 : 4;
    if (r == Type::none) return source(o, least);
    if (r == Type::pred || bytes_of(r) < bytes_of(least)) refuse_statement("the operand " + o.name + " must be a register that is large enough");
    in.width = bytes_of(r) == 8 ? 8 : 4;
    in.in.at(in.ins++) = placed_.at(function_).registers[o.index];
}

int Decoder::constant(uint64_t value, unsigned bytes) {
    unsigned word = bytes == 8 ? 8 : 4;
    if (word == 4) value = uint32_t(value);
    auto [at, is_new] = constants_.emplace(std::make_pair(value, word), kernel_.constants.size() / slot_bytes);
    if (is_new)
        for (int lane = 0; lane < 32; lane++)
            for (unsigned i = 0; i < word; i++) kernel_.constants.push_back(value >> 8 * i);
    return ~at->second;
}

uint64_t Decoder::immediate(const Operand &o, Type t) const {
    if (o.kind == Operand::Integer) {
        if (is_float(t)) refuse_statement("a floating-point number is wanted, such as 0f00000000");
        return o.value;
    }
    bool single = o.kind == Operand::Single;
    if (single && bytes_of(t) == 4) return o.value;
    if (!single && bytes_of(t) == 8) return o.value;
    if (!is_float(t)) refuse_statement("a number has another type than the instruction");
    if (single) {
        float f;
        uint32_t bits = o.value;
        memcpy(&f, &bits, sizeof f);
        return bits_of(f);
    }
    double d;
    memcpy(&d, &o.value, sizeof d);
    float f = float(d);
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

int Decoder::special(const std::string &name) const {
    static const std::map<std::string, int> names = {
        {"%tid.x", TidX},       {"%tid.y", TidY},       {"%tid.z", TidZ},       {"%ctaid.x", CtaX},     {"%ctaid.y", CtaY},
        {"%ctaid.z", CtaZ},     {"%ntid.x", NtidX},     {"%ntid.y", NtidY},     {"%ntid.z", NtidZ},     {"%nctaid.x", NctaX},
        {"%nctaid.y", NctaY},   {"%nctaid.z", NctaZ},   {"%laneid", Lane},      {"%warpid", WarpId},    {"%lanemask_eq", MaskEq},
        {"%lanemask_lt", MaskLt}, {"%lanemask_le", MaskLe}, {"%lanemask_gt", MaskGt}, {"%lanemask_ge", MaskGe}, {"%nwarpid", NwarpId},
        {"%smid", SmId}};
    auto found = names.find(name);
    if (found == names.end()) refuse_statement("there is no register " + name);
    return found->second;
}

int Decoder::slot(const Operand &o, Type t) {
    switch (o.kind) {
    case Operand::Reg: {
        Type r = register_type(o);
        if (r == Type::pred || bytes_of(r) != std::max(2u, bytes_of(t)))
            refuse_statement("the operand " + o.name + " must have " + std::to_string(bytes_of(t) * 8) + " bits");
        if ((is_float(r) && is_integer(t) && !is_bits(t)) || (is_float(t) && is_integer(r) && !is_bits(r)))
            refuse_statement("the operand " + o.name + " has type ." + name_of(r) + " and not ." + name_of(t));
        return placed_.at(function_).registers[o.index];
    }
    case Operand::Integer:
    case Operand::Single:
    case Operand::Double:
        return constant(immediate(o, t), bytes_of(t));
    case Operand::Special:
        if (bytes_of(t) != 4) refuse_statement("special registers have 32 bits");
        return special(o.name);
    case Operand::Var: {
        if (bytes_of(t) < 4) refuse_statement("an address has 32 or 64 bits");
        uint64_t at = variable_address(*o.variable) + o.value;
        if (bytes_of(t) == 4 && at >> 32) refuse_statement("the address of " + o.name + " has 64 bits");
        return constant(at, bytes_of(t));
    }
    default:
        refuse_statement("an operand must be a register or a number: " + o.name);
    }
}

void Decoder::pred_out(const Operand &o, int i) {
    if (o.kind == Operand::Sink) return;
    if (register_type(o) != Type::pred) refuse_statement("the result " + o.name + " must be a predicate");
    in.pred_out[i] = placed_.at(function_).registers[o.index];
}

void Decoder::pred_source(const Operand &o) {
    in.pred_in_negated = o.negated;
    if (o.kind == Operand::Integer) {
        in.pred_in = o.value != 0;
        return;
    }
    if (register_type(o) != Type::pred) refuse_statement("the operand " + o.name + " must be a predicate");
    in.pred_in = placed_.at(function_).registers[o.index];
}

size_t Decoder::variable_address(const Variable &v) {
    if (v.space == Space::global || v.space == Space::constant) return v.address;
    if (v.space == Space::param && !function_->is_entry) refuse_statement("the address of the parameter " + v.name + " is not supported in a function");
    auto at = addresses_.find(&v);
    if (at == addresses_.end()) refuse_statement("the variable " + v.name + " is not known here");
    return at->second;
}

// address makes [base+offset] a source, the base, and in.value, the offset. An
// address without a register is a constant source. In a function, and for the
// arguments of calls, .param is a frame of each thread: then there is no source.
void Decoder::address(const Operand &o, Space space) {
    if (o.kind != Operand::Address) refuse_statement("an address is wanted");
    const Operand &base = o.parts[0];
    in.space = space;
    in.value = o.value;
    if (base.kind == Operand::Reg) {
        unsigned bytes = bytes_of(register_type(base));
        if (is_float(register_type(base)) || bytes < 4) refuse_statement("an address has 32 or 64 bits");
        if (bytes == 4 && (space == Space::global || space == Space::generic)) refuse_statement("an address in global memory has 64 bits");
        in.wide_address = bytes == 8;
        in.in.at(in.ins++) = placed_.at(function_).registers[base.index];
        return;
    }
    uint64_t at = base.value;
    if (base.kind == Operand::Var) {
        const Variable &v = *base.variable;
        if (v.space != space && space != Space::generic) refuse_statement("the variable " + v.name + " is in another state space");
        if (space == Space::generic && v.space != Space::global) refuse_statement("the variable " + v.name + " needs cvta");
        if (space == Space::param && !(function_->is_entry && std::find(function_->params.begin(), function_->params.end(), &v) != function_->params.end())) {
            in.value += addresses_.at(&v);
            if (o.value + in.bytes * in.count > v.bytes) refuse_statement("it reaches beyond the variable " + v.name);
            return;
        }
        at = variable_address(v);
    }
    in.wide_address = true;
    in.in.at(in.ins++) = constant(at, 8);
}

void Decoder::plain(Handler handler, Type out_type, std::initializer_list<Type> sources) {
    want_operands(sources.size() + 1);
    in.run = handler;
    out(operand(0), out_type);
    size_t i = 1;
    for (Type t : sources) source(operand(i++), t);
}

} // namespace ptx
