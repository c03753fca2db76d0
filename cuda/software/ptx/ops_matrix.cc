// Products of small matrices by a whole warp, and loads of their parts.
#include "access.h"
#include "decode.h"
#include "lanes.h"

namespace ptx {

namespace {

float float_of(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

// Lane l holds, with g = l/4 and t = l%4: of C, [g + 8*(i/2)][2*t + i%2] in its
// number i; of A and B what the products below take from there.
void multiply(Warp &w, const Instruction &in, const float *a, const float *b, int depth) {
    float c[16][8];
    auto place = [](int lane, int i, int *row, int *column) { *row = lane / 4 + 8 * (i / 2), *column = lane % 4 * 2 + i % 2; };
    int row, column;
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++) {
            place(lane, i, &row, &column);
            c[row][column] = get<float>(w.in(in, 6 + i), lane);
        }
    for (int m = 0; m < 16; m++)
        for (int n = 0; n < 8; n++)
            for (int k = 0; k < depth; k++) c[m][n] += a[m * depth + k] * b[k * 8 + n];
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++) {
            place(lane, i, &row, &column);
            put<float>(w.out(in, i), lane, c[row][column]);
        }
}

void mma_bf16(Warp &w, const Instruction &in, Lanes) {
    float a[16 * 16], b[16 * 8];
    for (int lane = 0; lane < 32; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 4; i++)
                a[(g + 8 * (i % 2)) * 16 + 2 * t + 8 * (i / 2) + half] = float_of(get<uint32_t>(w.in(in, i), lane) >> 16 * half << 16);
            for (int i = 0; i < 2; i++) b[(2 * t + 8 * i + half) * 8 + g] = float_of(get<uint32_t>(w.in(in, 4 + i), lane) >> 16 * half << 16);
        }
    }
    multiply(w, in, a, b, 16);
}

void mma_tf32(Warp &w, const Instruction &in, Lanes) {
    float a[16 * 8], b[8 * 8];
    const uint32_t used = ~0x1FFFu; // the processor leaves the lower bits out
    for (int lane = 0; lane < 32; lane++) {
        int g = lane / 4, t = lane % 4;
        for (int i = 0; i < 4; i++) a[(g + 8 * (i % 2)) * 8 + t + 4 * (i / 2)] = float_of(get<uint32_t>(w.in(in, i), lane) & used);
        for (int i = 0; i < 2; i++) b[(t + 4 * i) * 8 + g] = float_of(get<uint32_t>(w.in(in, 4 + i), lane) & used);
    }
    multiply(w, in, a, b, 8);
}

void list_of(Decoder &d, const Operand &o, size_t n, Type t, bool result) {
    if (o.kind != Operand::List || o.parts.size() != n) d.refuse_statement("a list of " + std::to_string(n) + " registers is wanted");
    for (auto &part : o.parts) result ? d.out(part, t) : d.source(part, t);
}

void decode_mma(Decoder &d) {
    d.want_operands(4);
    bool known = d.word("sync") && d.word("aligned") && d.word("row") && d.word("col");
    bool bf16 = d.word("m16n8k16"), tf32 = !bf16 && d.word("m16n8k8");
    Type want[] = {Type::f32, bf16 ? Type::bf16 : Type::tf32, bf16 ? Type::bf16 : Type::tf32, Type::f32};
    for (Type t : want) known = known && d.type() == t;
    if (!known || (!bf16 && !tf32)) d.refuse_statement("this product is not known");
    d.in.control = Control::Converge;
    d.in.run = bf16 ? mma_bf16 : mma_tf32;
    list_of(d, d.operand(0), 4, Type::f32, true);
    list_of(d, d.operand(1), 4, Type::b32, false);
    list_of(d, d.operand(2), 2, Type::b32, false);
    list_of(d, d.operand(3), 4, Type::f32, false);
}

// ldmatrix loads four 8x8 matrices of 16-bit numbers; lane 8*m+r has the address
// of row r of matrix m.
void load_matrices(Warp &w, const Instruction &in, Lanes) {
    uint16_t m[4][8][8];
    for (int lane = 0; lane < 32; lane++) memcpy(m[lane / 8][lane % 8], reach(w, in, lane, Read), 16);
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++) {
            int r = lane / 4, c = lane % 4 * 2;
            uint16_t low = in.mode ? m[i][c][r] : m[i][r][c], high = in.mode ? m[i][c + 1][r] : m[i][r][c + 1];
            put<uint32_t>(w.out(in, i), lane, uint32_t(high) << 16 | low);
        }
}

void decode_ldmatrix(Decoder &d) {
    d.want_operands(2);
    bool known = d.word("sync") && d.word("aligned") && d.word("m8n8") && d.word("x4");
    d.in.mode = d.word("trans");
    if (!known || !d.word("shared") || d.type() != Type::b16) d.refuse_statement("this load is not known");
    d.in.control = Control::Converge;
    d.in.run = load_matrices;
    list_of(d, d.operand(0), 4, Type::b32, true);
    d.in.bytes = 16;
    d.address(d.operand(1), Space::shared);
}

} // namespace

const OpTable &matrix_ops() {
    static const OpTable table = {{"mma", decode_mma}, {"ldmatrix", decode_ldmatrix}};
    return table;
}

} // namespace ptx
