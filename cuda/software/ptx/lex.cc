#include "lex.h"

#include "memory.h"

#include <cctype>
#include <cstdlib>
#include <cstring>

namespace ptx {

void refuse(int line, const std::string &why) { throw Fault("PTX line " + std::to_string(line) + ": " + why); }

namespace {

bool in_word(char c) { return isalnum((unsigned char)c) || (c && strchr("_$%.", c)); }

class Lexer {
  public:
    explicit Lexer(const std::string &text) : text_(text) {}

    std::vector<Token> all() {
        std::vector<Token> list;
        while (skip_space()) list.push_back(next());
        list.push_back({Token::End, line_, "the end of the text", 0});
        return list;
    }

  private:
    char at(size_t ahead = 0) const { return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : 0; }

    // skip_space returns false at the end.
    bool skip_space() {
        while (pos_ < text_.size()) {
            if (at() == '\n') line_++;
            if (at() == '/' && at(1) == '/') {
                while (pos_ < text_.size() && at() != '\n') pos_++;
            } else if (at() == '/' && at(1) == '*') {
                size_t end = text_.find("*/", pos_ + 2);
                if (end == std::string::npos) refuse(line_, "a comment has no end");
                for (; pos_ < end + 2; pos_++) line_ += at() == '\n';
            } else if (isspace((unsigned char)at()) || at() == 0) {
                pos_++;
            } else {
                return true;
            }
        }
        return false;
    }

    Token next() {
        char c = at();
        if (isdigit((unsigned char)c)) return number();
        if (c == '"') {
            size_t end = text_.find('"', pos_ + 1);
            if (end == std::string::npos) refuse(line_, "a string has no end");
            Token t{Token::Text, line_, text_.substr(pos_ + 1, end - pos_ - 1), 0};
            pos_ = end + 1;
            return t;
        }
        if (!in_word(c)) return {Token::Mark, line_, std::string(1, text_[pos_++]), 0};
        size_t start = pos_;
        // A doubled colon is part of modifiers such as .shared::cta.
        while (in_word(at()) || (at() == ':' && at(1) == ':') || (at() == ':' && at(-1) == ':' && pos_ > start)) pos_++;
        return {Token::Word, line_, text_.substr(start, pos_ - start), 0};
    }

    Token number() {
        const char *from = text_.c_str() + pos_;
        char *end = nullptr;
        Token t{Token::Integer, line_, "", 0};
        if (from[0] == '0' && strchr("fFdD", from[1]) && from[1]) {
            bool single = from[1] == 'f' || from[1] == 'F';
            t.kind = single ? Token::Single : Token::Double;
            t.value = strtoull(from + 2, &end, 16);
            if (end - from != (single ? 10 : 18)) refuse(line_, "a number in hexadecimal has the wrong length");
        } else if (from[0] == '0' && (from[1] == 'b' || from[1] == 'B')) {
            t.value = strtoull(from + 2, &end, 2);
        } else {
            size_t digits = strspn(from, "0123456789");
            if ((from[digits] == '.' && isdigit((unsigned char)from[digits + 1])) || from[digits] == 'e' || from[digits] == 'E') {
                double d = strtod(from, &end);
                t.kind = Token::Double;
                memcpy(&t.value, &d, sizeof d);
            } else {
                t.value = strtoull(from, &end, 0);
                if (*end == 'U') end++;
            }
        }
        if (in_word(*end)) refuse(line_, "this is no number: " + std::string(from, size_t(end - from + 1)));
        t.text.assign(from, size_t(end - from));
        pos_ += end - from;
        return t;
    }

    const std::string &text_;
    size_t pos_ = 0;
    int line_ = 1;
};

} // namespace

std::vector<Token> tokens(const std::string &text) { return Lexer(text).all(); }

} // namespace ptx
