// Declarations: modules, functions, variables.
#include "parse.h"

#include <cstring>
#include <sstream>

namespace ptx {

namespace {

struct TypeName {
    const char *name;
    unsigned bytes;
};
const TypeName type_names[] = {{"", 0},    {"pred", 0}, {"b8", 1},  {"b16", 2}, {"b32", 4},  {"b64", 8},    {"u8", 1},
                               {"u16", 2}, {"u32", 4},  {"u64", 8}, {"s8", 1},  {"s16", 2},  {"s32", 4},    {"s64", 8},
                               {"f16", 2}, {"bf16", 2}, {"bf16x2", 4}, {"tf32", 4}, {"f32", 4}, {"f64", 8}};

bool starts(const std::string &s, const char *with) { return s.compare(0, strlen(with), with) == 0; }

} // namespace

Type type_named(const std::string &name) {
    for (int i = 1; i <= (int)Type::f64; i++)
        if (name == type_names[i].name) return Type(i);
    return Type::none;
}

const char *name_of(Type t) { return type_names[(int)t].name; }
unsigned bytes_of(Type t) { return type_names[(int)t].bytes; }

bool space_named(const std::string &name, Space *space) {
    static const std::map<std::string, Space> names = {{"param", Space::param},   {"shared", Space::shared},
                                                       {"global", Space::global}, {"const", Space::constant},
                                                       {"local", Space::local},   {"shared::cta", Space::shared},
                                                       {"param::entry", Space::param}};
    auto found = names.find(name);
    if (found != names.end()) *space = found->second;
    return found != names.end();
}

void Parser::want(const char *what) {
    if (!take(what)) fail(std::string("expected ") + what + " and found " + peek().text);
}

std::string Parser::word() {
    if (peek().kind != Token::Word) fail("expected a name and found " + peek().text);
    return next().text;
}

uint64_t Parser::integer() {
    bool minus = take("-");
    if (peek().kind != Token::Integer) fail("expected a whole number and found " + peek().text);
    uint64_t value = next().value;
    return minus ? -value : value;
}

void Parser::skip_line(int line) {
    while (peek().kind != Token::End && peek().line == line) at_++;
}

void Parser::module() {
    if (!peek().is(".version")) fail("a module begins with .version");
    while (peek().kind != Token::End) {
        int line = peek().line;
        std::string directive = word();
        while (directive == ".visible" || directive == ".weak" || directive == ".common") directive = word();
        bool external = directive == ".extern";
        if (external) directive = word();
        Space space;
        if (directive == ".entry" || directive == ".func") {
            function(directive == ".entry");
        } else if (directive == ".file" || directive == ".loc") {
            skip_line(line);
        } else if (directive == ".pragma") {
            next();
            want(";");
        } else if (space_named(directive.substr(1), &space) && directive[0] == '.') {
            if (external && space != Space::shared) fail("only shared memory can be declared as extern: nothing is linked");
            variable_in_module(space);
        } else {
            header(directive);
        }
    }
    if (!module_.target) fail("the module has no .target");
    for (auto &[name, f] : module_.functions)
        if (!f.has_body) refuse(f.line, "function " + name + " has no body");
}

void Parser::header(const std::string &directive) {
    if (directive == ".version") {
        if (peek().kind != Token::Double) fail("expected a version such as 8.1");
        next();
    } else if (directive == ".target") {
        std::string name = word();
        if (!starts(name, "sm_")) fail("unknown target " + name);
        module_.target = atoi(name.c_str() + 3);
        while (take(",")) word();
    } else if (directive == ".address_size") {
        if (integer() != 64) fail("addresses must have 64 bits");
    } else {
        fail("unknown directive " + directive);
    }
}

void Parser::function(bool is_entry) {
    Function f;
    f.line = peek().line;
    f.is_entry = is_entry;
    if (!is_entry && peek().is("(")) f.results = formals(f);
    f.name = word();
    if (peek().is("(")) f.params = formals(f);
    directives(f);
    auto known = module_.functions.find(f.name);
    bool declared = known != module_.functions.end();
    if (declared && known->second.has_body && !peek().is(";")) fail("function " + f.name + " is there twice");
    if (take(";")) {
        if (!declared) module_.functions.emplace(f.name, std::move(f));
        return;
    }
    // A deque's elements stay where they are when it is moved.
    Function &at = module_.functions[f.name] = std::move(f);
    body(at);
}

std::vector<const Variable *> Parser::formals(Function &f) {
    std::vector<const Variable *> list;
    want("(");
    while (!take(")")) {
        if (!list.empty()) want(",");
        if (!take(".param")) fail("parameters must be in the space .param");
        f.variables.push_back(declaration(Space::param));
        list.push_back(&f.variables.back());
    }
    return list;
}

// directives are those between a function's parameters and its body.
void Parser::directives(Function &f) {
    while (peek().kind == Token::Word) {
        std::string directive = word();
        if (directive == ".noreturn") continue;
        unsigned n[3] = {(unsigned)integer(), 1, 1};
        for (int i = 1; i < 3 && take(","); i++) n[i] = integer();
        if (directive == ".maxntid" || directive == ".reqntid") f.max_threads = n[0] * n[1] * n[2];
        if (directive == ".reqntid") memcpy(f.required, n, sizeof n);
        if (directive != ".maxntid" && directive != ".reqntid" && directive != ".minnctapersm" && directive != ".maxnreg" &&
            directive != ".maxnctapersm")
            fail("unknown directive " + directive);
    }
    if (f.max_threads > 1024) fail("a block has at most 1024 threads");
}

// declaration reads what follows a state space: alignment, type, name, extent.
Variable Parser::declaration(Space space) {
    Variable v{"", space, Type::none, 0, 0};
    if (take(".align")) v.align = integer();
    std::string type = word();
    v.type = type_named(type.substr(1));
    if (v.type == Type::none || type[0] != '.' || !bytes_of(v.type)) fail("unknown type " + type);
    if (space == Space::param && take(".ptr")) { // what the pointer points at
        while (peek().kind == Token::Word && peek().text[0] == '.') {
            if (word() == ".align") integer();
        }
    }
    v.name = word();
    size_t element = bytes_of(v.type);
    v.align = std::max(v.align, element);
    if (v.align & (v.align - 1)) fail("the alignment of " + v.name + " is no power of two");
    v.bytes = element * array(v);
    return v;
}

// array reads extents; [] makes a variable external.
size_t Parser::array(Variable &v) {
    size_t n = 1;
    while (take("[")) {
        if (take("]")) {
            v.external = true;
            continue;
        }
        n *= integer();
        want("]");
    }
    return n;
}

void Parser::variable_in_module(Space space) {
    if (space == Space::param || space == Space::local) fail("such a variable has to be inside of a function");
    Variable v = declaration(space);
    if (v.external && space != Space::shared) fail("only shared memory can have no extent");
    if (globals_.count(v.name)) fail("variable " + v.name + " is there twice");
    if (space != Space::shared) {
        std::vector<uint8_t> bytes(v.bytes);
        if (take("=")) bytes = initialiser(v.type, v.bytes);
        size_t align = std::max<size_t>(v.align, 256);
        module_.storage.emplace_back(new char[v.bytes + align]);
        uint64_t begin = ((uint64_t)module_.storage.back().get() + align - 1) & -align;
        memcpy((void *)begin, bytes.data(), v.bytes);
        v.address = begin;
        module_.allocations.emplace(begin, Allocation{begin, begin + v.bytes, false, false, nullptr});
    }
    module_.variables.push_back(v);
    globals_[v.name] = &module_.variables.back();
    want(";");
}

std::vector<uint8_t> Parser::initialiser(Type type, size_t bytes) {
    std::vector<uint8_t> out;
    bool braces = take("{");
    do {
        uint64_t value;
        if (peek().kind == Token::Single || peek().kind == Token::Double) {
            bool single = peek().kind == Token::Single;
            value = next().value;
            if (!is_float(type) || single != (type == Type::f32)) fail("an initial value has another type than the variable");
        } else {
            value = integer();
            if (is_float(type)) fail("an initial value has another type than the variable");
        }
        for (unsigned i = 0; i < bytes_of(type); i++) out.push_back(value >> 8 * i);
    } while (braces && take(","));
    if (braces) want("}");
    if (out.size() > bytes) fail("more initial values than the variable has elements");
    out.resize(bytes);
    return out;
}

void parse(const std::string &text, ModuleText &module) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) module.lines.push_back(line);
    Parser(text, module).module();
}

Allocation *ModuleText::find(uint64_t address) const {
    auto at = allocations.upper_bound(address);
    if (at == allocations.begin() || address >= (--at)->second.end) return nullptr;
    return &at->second;
}

} // namespace ptx
