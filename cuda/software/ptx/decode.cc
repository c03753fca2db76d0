// The order of code, and statements to instructions.
#include "decode.h"

#include <algorithm>

namespace ptx {

void Decoder::refuse_statement(const std::string &why) const {
    refuse(statement_->line, "in " + function_->name + ", " + statement_->opcode + ": " + why);
}

void Decoder::decode(const Function &f) {
    std::set<const Function *> under_way;
    reach(f, under_way);
    place_variables();
    for (const Function *g : functions_) { // where each begins, since calls may go forward
        Placed &p = placed_[g];
        for (auto &r : g->registers) {
            if (r.type == Type::pred) {
                p.registers.push_back(kernel_.preds++);
            } else {
                p.registers.push_back(kernel_.slots);
                kernel_.slots += bytes_of(r.type) == 8 ? 2 : 1;
            }
        }
    }
    uint32_t start = 0;
    for (const Function *g : functions_) {
        placed_[g].start = start;
        start += g->statements.size() + 1;
    }
    for (const Function *g : functions_) function(*g);
    for (uint32_t i = 0; i < kernel_.code.size(); i++) kernel_.code[i].site = i;
    check_written(kernel_);
}

// reach lists the functions that can be called, and refuses recursion.
void Decoder::reach(const Function &f, std::set<const Function *> &under_way) {
    if (std::find(functions_.begin(), functions_.end(), &f) == functions_.end()) functions_.push_back(&f);
    under_way.insert(&f);
    for (auto &s : f.statements) {
        for (auto &o : s.operands) reach_variables(o);
        if (s.words[0] != "call") continue;
        for (auto &o : s.operands) {
            auto callee = o.kind == Operand::Name ? module_.functions.find(o.name) : module_.functions.end();
            if (callee == module_.functions.end()) continue;
            if (under_way.count(&callee->second)) refuse(s.line, f.name + " calls itself");
            reach(callee->second, under_way);
        }
    }
    under_way.erase(&f);
}

void Decoder::reach_variables(const Operand &o) {
    for (auto &part : o.parts) reach_variables(part);
    if (o.kind == Operand::Var && o.variable->space == Space::shared &&
        std::find(used_shared_.begin(), used_shared_.end(), o.variable) == used_shared_.end())
        used_shared_.push_back(o.variable);
}

void Decoder::place_variables() {
    auto place = [](size_t &end, const Variable &v) {
        size_t at = (end + v.align - 1) & -v.align;
        end = at + v.bytes;
        return at;
    };
    size_t shared = 0, local = 0, frame = 0, params = 0;
    for (auto *v : functions_[0]->params) addresses_[v] = place(params, *v);
    kernel_.param_bytes = params;
    for (const Function *f : functions_) {
        for (auto &v : f->variables) {
            if (v.space == Space::local) addresses_[&v] = place(local, v);
            if (v.space == Space::param && !addresses_.count(&v)) addresses_[&v] = place(frame, v);
        }
    }
    for (auto *v : used_shared_)
        if (!v->external) addresses_[v] = place(shared, *v);
    for (auto *v : used_shared_)
        if (v->external) kernel_.dynamic_align = std::max<uint32_t>(kernel_.dynamic_align, v->align);
    size_t dynamic = (shared + kernel_.dynamic_align - 1) & -(size_t)kernel_.dynamic_align;
    for (auto *v : used_shared_)
        if (v->external) addresses_[v] = dynamic;
    if (shared > 48 << 10) refuse(functions_[0]->line, functions_[0]->name + " declares more than 48 KiB of shared memory");
    kernel_.static_shared = shared;
    kernel_.local_bytes = (local + 15) & ~15, kernel_.frame_bytes = (frame + 15) & ~15;
}

void Decoder::function(const Function &f) {
    function_ = &f;
    for (auto &s : f.statements) statement(s);
    Instruction end; // falling off the end returns
    end.control = Control::Return;
    end.line = f.statements.empty() ? f.line : f.statements.back().line;
    kernel_.code.push_back(end);
}

void Decoder::statement(const Statement &s) {
    statement_ = &s;
    in = Instruction();
    in.line = s.line;
    if (s.guard >= 0) in.guard = placed_[function_].registers[s.guard];
    in.guard_negated = s.guard_negated;
    words_left_.clear();
    for (size_t i = 1; i < s.words.size(); i++) words_left_.insert(i);
    const OpTable *tables[] = {&move_ops(),   &float_ops(),  &integer_ops(), &bit_ops(),  &compare_ops(), &convert_ops(),
                               &memory_ops(), &atomic_ops(), &copy_ops(),    &warp_ops(), &matrix_ops(),  &control_ops()};
    DecodeOp op = nullptr;
    // Some names are of floating-point and of other instructions: the type tells.
    bool is_float = false;
    for (size_t i = s.words.size(); i-- > 1;)
        if (Type t = type_named(s.words[i]); t != Type::none) is_float = ptx::is_float(t);
    for (auto *t : tables) {
        auto found = t->find(s.words[0]);
        if (!op && found != t->end() && (is_float || t != &float_ops())) op = found->second;
    }
    if (!op) refuse_statement("this instruction is not known");
    op(*this);
    finish_words();
    if (in.control == Control::Next && !in.run) refuse_statement("this form of the instruction is not known");
    kernel_.code.push_back(std::move(in));
}

bool Decoder::word(const char *w) {
    for (size_t i : words_left_) {
        if (statement_->words[i] == w) {
            words_left_.erase(i);
            return true;
        }
    }
    return false;
}

std::string Decoder::one_of(std::initializer_list<const char *> words) {
    for (auto *w : words)
        if (word(w)) return w;
    return "";
}

Type Decoder::type() {
    for (size_t i : words_left_) {
        Type t = type_named(statement_->words[i]);
        if (t == Type::none) continue;
        words_left_.erase(i);
        return t;
    }
    refuse_statement("the type is missing");
}

bool Decoder::ftz_for(Type t) {
    bool ftz = word("ftz");
    if (ftz && t != Type::f32) refuse_statement(".ftz is for .f32");
    return ftz;
}

void Decoder::finish_words() {
    if (!words_left_.empty()) refuse_statement("the modifier ." + statement_->words[*words_left_.begin()] + " is not known here");
}

void Decoder::want_operands(size_t n) {
    if (operands() != n) refuse_statement("it has " + std::to_string(operands()) + " operands and wants " + std::to_string(n));
}

uint32_t Decoder::label(const Operand &o) const {
    if (o.kind != Operand::Name) refuse_statement("a label is wanted");
    for (int scope = statement_->scope; scope >= 0; scope = function_->scope_parents[scope])
        for (auto &l : function_->labels)
            if (l.scope == scope && l.name == o.name) return placed_.at(function_).start + l.at;
    refuse_statement("there is no label " + o.name);
}

void Decoder::branch() {
    want_operands(1);
    word("uni");
    in.control = Control::Branch;
    in.target = label(operand(0));
}

void Decoder::call() {
    word("uni");
    size_t at = operands() && operand(0).kind == Operand::List ? 1 : 0;
    if (at >= operands() || operand(at).kind != Operand::Name) refuse_statement("a function's name is wanted");
    auto callee = module_.functions.find(operand(at).name);
    if (callee == module_.functions.end()) refuse_statement("there is no function " + operand(at).name);
    const Function &f = callee->second;
    if (f.is_entry) refuse_statement(f.name + " is an entry");
    auto pass = [&](const std::vector<Operand> &actual, const std::vector<const Variable *> &formal, bool result) {
        if (actual.size() != formal.size()) refuse_statement("the number of arguments or results of " + f.name + " is another");
        for (size_t i = 0; i < actual.size(); i++) {
            const Variable *v = actual[i].kind == Operand::Var ? actual[i].variable : nullptr;
            if (!v || v->space != Space::param || v->bytes != formal[i]->bytes || !addresses_.count(formal[i]))
                refuse_statement("arguments and results of " + f.name + " must be .param variables of its parameters' sizes");
            if (result)
                in.results.push_back({addresses_.at(formal[i]), addresses_.at(v), v->bytes});
            else
                in.moves.push_back({addresses_.at(v), addresses_.at(formal[i]), v->bytes});
        }
    };
    pass(at ? operand(0).parts : std::vector<Operand>(), f.results, true);
    pass(at + 1 < operands() ? operand(at + 1).parts : std::vector<Operand>(), f.params, false);
    const Placed &p = placed_.at(&f);
    in.control = Control::Call;
    in.target = p.start;
}

} // namespace ptx
