// PTX text as tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ptx {

struct Token {
    enum Kind : uint8_t {
        End,
        Word,    // names, opcodes with their dots, directives, registers
        Integer, // value
        Single,  // value holds the bits of 0f...
        Double,  // value holds the bits of 0d... or of a decimal number
        Text,    // in quotes
        Mark     // one character
    } kind;
    int line;
    std::string text;
    uint64_t value;

    bool is(const char *what) const { return (kind == Word || kind == Mark) && text == what; }
};

// refuse throws a Fault about a line of the text.
[[noreturn]] void refuse(int line, const std::string &why);

std::vector<Token> tokens(const std::string &text);

} // namespace ptx
