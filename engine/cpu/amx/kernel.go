package amx

// terms says which products make up the elements of some outputs, blocks of 32×32
// sums. The program has, for each output, where it lies, how many terms it has, and
// for each term where the factors begin after a and b; places count bytes.
//
// A factor of the left is a block of 32 rows of 32 elements, packed by rows or
// transposed: its element i,p is at 32i+p. One of the right is packed by pairs: its
// element p,j is at 32(p/2) + 2j + p%2, and that of column 16+j is 512 after it.
type terms struct {
	program      []int64
	outputs      int
	a, b         *uint16
	down, across int // tiles of an output that matter, 1 or 2
}

// kernel is what a processor computes, with next and step in bytes. rows is never
// more than 32, and mask has a bit for each column that is there.
type kernel interface {
	// products stores outputs in bf16: row i at y, i next and the output's place.
	// Each term is as many pairs of blocks, one after the other, as depth says.
	products(t *terms, depth int, y *uint16, next, rows int, mask uint32, spill *[block]float32)
	// sums stores outputs, or adds them to what is there, at sum and the output's
	// place. Each term is one pair of blocks.
	sums(t *terms, sum *float32, accumulate bool)
	// narrow stores a block of sums in bf16. There are parts of it, step apart, to
	// add in order.
	narrow(dst *uint16, next, rows int, mask uint32, src *float32, parts, step int)
	// rows copies rows, 32 columns each: those without a bit in mask become zero.
	rows(dst *uint16, step int, src *uint16, next, rows int, mask uint32)
	// pairs packs rows by pairs: columns are a right factor's columns.
	pairs(dst, src *uint16, next, pairs int, mask uint32)
	// columns packs 32 rows by pairs of columns: rows are a right factor's columns.
	columns(dst, src *uint16, next int, mask uint32)
	// transposed packs 32 rows as columns of a left factor.
	transposed(dst, src *uint16, next int, mask uint32)
}
