package philox

// Everything numeric that a device needs to write the same bits. A float32
// constant is the nearest float32 to the decimal given here.
const (
	Rounds = 10

	Mul0  uint32 = 0xD2511F53 // multiplies counter word 0
	Mul1  uint32 = 0xCD9E8D57 // multiplies counter word 2
	Weyl0 uint32 = 0x9E3779B9 // added to key word 0 after each round: golden ratio
	Weyl1 uint32 = 0xBB67AE85 // added to key word 1: sqrt(3)-1

	// UnitScale is the distance between neighbouring uniforms, 2^-24.
	UnitScale float32 = 0x1p-24
)

// The logarithm in Normal: Cephes logf (S. L. Moshier, 1984-1992),
// log(1+f) = f - f²/2 + f³·(Log0·f⁸ + ... + Log8) for 1+f in [√½, √2).
const (
	SqrtHalfBits uint32 = 0x3f3504f3 // bits of float32(√½)

	Log0 float32 = 7.0376836292e-2
	Log1 float32 = -1.1514610310e-1
	Log2 float32 = 1.1676998740e-1
	Log3 float32 = -1.2420140846e-1
	Log4 float32 = 1.4249322787e-1
	Log5 float32 = -1.6668057665e-1
	Log6 float32 = 2.0000714765e-1
	Log7 float32 = -2.4999993993e-1
	Log8 float32 = 3.3333331174e-1

	Ln2Hi float32 = 0.693359375 // exact: 355/512
	Ln2Lo float32 = -2.12194440e-4
)

// The inverse error function in Normal: M. Giles, "Approximating the erfinv
// function", GPU Computing Gems Jade, 2011, the single-precision polynomials
// in w = -log(1-x²), highest power first.
const (
	CentralLimit float32 = 5   // below it the central polynomial holds
	CentralShift float32 = 2.5 // its variable is w - 2.5

	Central0 float32 = 2.81022636e-08
	Central1 float32 = 3.43273939e-07
	Central2 float32 = -3.5233877e-06
	Central3 float32 = -4.39150654e-06
	Central4 float32 = 0.00021858087
	Central5 float32 = -0.00125372503
	Central6 float32 = -0.00417768164
	Central7 float32 = 0.246640727
	Central8 float32 = 1.50140941

	TailShift float32 = 3 // the tail's variable is √w - 3

	Tail0 float32 = -0.000200214257
	Tail1 float32 = 0.000100950558
	Tail2 float32 = 0.00134934322
	Tail3 float32 = -0.00367342844
	Tail4 float32 = 0.00573950773
	Tail5 float32 = -0.0076224613
	Tail6 float32 = 0.00943887047
	Tail7 float32 = 1.00167406
	Tail8 float32 = 2.83297682

	Sqrt2 float32 = 1.41421356237309504880
)
