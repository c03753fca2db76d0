// Branches, calls, ends and barriers.
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

void decode_bra(Decoder &d) { d.branch(); }

void decode_call(Decoder &d) { d.call(); }

void decode_ret(Decoder &d) {
    d.word("uni");
    d.want_operands(0);
    d.in.control = Control::Return;
}

void decode_exit(Decoder &d) {
    d.want_operands(0);
    d.in.control = Control::Exit;
}

void decode_bar(Decoder &d) {
    d.word("cta");
    if (!d.word("sync")) d.refuse_statement("only bar.sync is known");
    d.word("aligned");
    d.want_operands(1);
    if (d.operand(0).kind != Operand::Integer || d.operand(0).value != 0) d.refuse_statement("only barrier 0 is known, of all threads");
    d.in.control = Control::Barrier;
}

} // namespace

const OpTable &control_ops() {
    static const OpTable table = {{"bra", decode_bra}, {"call", decode_call}, {"ret", decode_ret},
                                  {"exit", decode_exit}, {"bar", decode_bar}, {"barrier", decode_bar}};
    return table;
}

} // namespace ptx
