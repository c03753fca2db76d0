package fastpng

import "encoding/binary"

// unfilter undoes the filter of a row, in place, given the row above (PNG
// specification, section 9); false if there is no such filter.
func unfilter(filter byte, row, above []byte, channels int) bool {
	switch filter {
	case 0:
	case 1:
		for i := channels; i < len(row); i++ {
			row[i] += row[i-channels]
		}
	case 2:
		add(row, above)
	case 3:
		for i := range channels {
			row[i] += above[i] / 2
		}
		for i := channels; i < len(row); i++ {
			row[i] += byte((uint(row[i-channels]) + uint(above[i])) / 2)
		}
	case 4:
		switch channels {
		case 1:
			paeth1(row, above)
		case 3:
			paeth3(row, above)
		default:
			paeth4(row, above)
		}
	default:
		return false
	}
	return true
}

// add adds bytes, eight at a time: their low seven bits as they are, the highest
// ones without a carry.
func add(row, above []byte) {
	const low = 0x7f7f7f7f7f7f7f7f
	above = above[:len(row)]
	for ; len(row) >= 8; row, above = row[8:], above[8:] {
		a, b := binary.LittleEndian.Uint64(row), binary.LittleEndian.Uint64(above)
		binary.LittleEndian.PutUint64(row, (a&low+b&low)^((a^b)&^low))
	}
	for i := range row {
		row[i] += above[i]
	}
}

// paeth is which of left, above and their corner is nearest to
// left + above - corner, earlier ones first. What lies between the two is as far
// from both as the corner is on the other side, so that one sum decides, without
// a branch that noise would mislead.
func paeth(left, above, corner int) int {
	sum := 3*corner - (left + above)
	low, high := min(left, above), max(left, above)
	if high <= sum {
		corner = low
	}
	if sum <= low {
		corner = high
	}
	return corner
}

func paeth1(row, above []byte) {
	above = above[:len(row)]
	var left, corner int
	for i := range row {
		up := int(above[i])
		left = (int(row[i]) + paeth(left, up, corner)) & 255
		row[i] = byte(left)
		corner = up
	}
}

func paeth3(row, above []byte) {
	above = above[:len(row)]
	var l0, l1, l2, c0, c1, c2 int
	for i := 0; i+3 <= len(row); i += 3 {
		r, a := row[i:i+3:i+3], above[i:i+3:i+3]
		u0, u1, u2 := int(a[0]), int(a[1]), int(a[2])
		l0 = (int(r[0]) + paeth(l0, u0, c0)) & 255
		l1 = (int(r[1]) + paeth(l1, u1, c1)) & 255
		l2 = (int(r[2]) + paeth(l2, u2, c2)) & 255
		r[0], r[1], r[2] = byte(l0), byte(l1), byte(l2)
		c0, c1, c2 = u0, u1, u2
	}
}

func paeth4(row, above []byte) {
	above = above[:len(row)]
	var l0, l1, l2, l3, c0, c1, c2, c3 int
	for i := 0; i+4 <= len(row); i += 4 {
		r, a := row[i:i+4:i+4], above[i:i+4:i+4]
		u0, u1, u2, u3 := int(a[0]), int(a[1]), int(a[2]), int(a[3])
		l0 = (int(r[0]) + paeth(l0, u0, c0)) & 255
		l1 = (int(r[1]) + paeth(l1, u1, c1)) & 255
		l2 = (int(r[2]) + paeth(l2, u2, c2)) & 255
		l3 = (int(r[3]) + paeth(l3, u3, c3)) & 255
		r[0], r[1], r[2], r[3] = byte(l0), byte(l1), byte(l2), byte(l3)
		c0, c1, c2, c3 = u0, u1, u2, u3
	}
}

// opaque writes RGB as RGBA without transparency.
func opaque(to, from []byte) {
	for ; len(from) >= 3 && len(to) >= 4; from, to = from[3:], to[4:] {
		to[0], to[1], to[2], to[3] = from[0], from[1], from[2], 255
	}
}
