//go:build cuda && cgo && linux

package cudnn

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// installed returns the library of this machine, which must be there under CI
// and plan without a device. The loader's own path comes last, where it may have
// the double.
func installed(t testing.TB) *Library {
	t.Helper()
	const pinned = "/opt/cudnn/lib/libcudnn.so.9" // by scripts/install-ci
	paths := candidates("libcudnn.so.9")
	var l *Library
	var err error
	for _, path := range append([]string{pinned}, append(paths[1:], paths[0])...) {
		if l, err = load(path, 13020); err == nil {
			break
		}
	}
	if err == nil && strings.HasSuffix(l.Path(), "bin/software/libcudnn.so.9") {
		err = fmt.Errorf("%s is the double", l.Path())
	}
	if err == nil && l.version < leastForProperties {
		err = fmt.Errorf("cuDNN %s of %s does not plan without a device; 9.8 does", l.Version(), l.Path())
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("nothing is planned: %v", err)
	}
	return l
}

// described reads testdata/NAME.json, the properties of a GPU.
func described(t testing.TB, l *Library, name string) *Properties {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Properties(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// onBoth runs a test on an H200's properties with the installed library, and
// with the double.
func onBoth(t *testing.T, f func(t *testing.T, l *Library, p *Properties)) {
	for name, library := range map[string]func(testing.TB) *Library{"installed": installed, "double": double} {
		t.Run(name, func(t *testing.T) {
			l := library(t)
			f(t, l, described(t, l, "h200"))
		})
	}
}

// square is a convolution of square images.
func square(n, size, c, k, kernel, stride, pad int) Conv {
	out := (size+2*pad-kernel)/stride + 1
	return Conv{N: n, H: size, W: size, C: c, K: k, R: kernel, S: kernel, P: out, Q: out,
		Stride: [2]int{stride, stride}, Pad: [4]int{pad, pad, pad, pad}, Groups: 1}
}

// layers are the convolutions of DCGAN at 64×64×3 and of the net of three
// stages at 32×32×1. A generator's layer stands there as the convolution from
// its output back to its input: its forward pass is the input gradient. Image
// channels and latents are taken as they are, and padded to eights.
func layers() []Conv {
	var all []Conv
	for _, batch := range []int{64, 128} {
		for _, image := range []int{3, 8} {
			all = append(all, square(batch, 64, image, 64, 4, 2, 1))
		}
		for _, image := range []int{1, 8} {
			all = append(all, square(batch, 32, image, 64, 4, 2, 1))
		}
		for stage := range 3 {
			all = append(all, square(batch, 32>>stage, 64<<stage, 128<<stage, 4, 2, 1))
		}
		for stage := range 2 {
			all = append(all, square(batch, 16>>stage, 64<<stage, 128<<stage, 4, 2, 1))
		}
		for _, ends := range []int{1, 8, 100, 104} { // the discriminator's output, the generator's latents
			all = append(all, square(batch, 4, 512, ends, 4, 1, 0), square(batch, 4, 256, ends, 4, 1, 0))
		}
	}
	return all
}

// TestEveryLayerPlans: each convolution of the nets has a plan on an H200, in
// each type and direction, on engines of the right kind and within a bound of
// workspace.
func TestEveryLayerPlans(t *testing.T) { onBoth(t, everyLayerPlans) }

func everyLayerPlans(t *testing.T, l *Library, p *Properties) {
	for _, c := range layers() {
		for c.Type = range types {
			for c.Direction = range directions {
				if why := plans(l, p, c, false); why != "" {
					t.Error(why)
				}
			}
		}
	}
}

// TestOptions: what options exclude is there without them, the list is the same
// each time, and each plan is made again from its written choice.
func TestOptions(t *testing.T) { onBoth(t, options) }

func options(t *testing.T, l *Library, p *Properties) {
	c := square(128, 32, 64, 128, 4, 2, 1)
	c.Direction, c.Type = FilterGrad, TF32
	offered := func(o Options) []*Plan {
		all, err := l.Plans(c, p, o, 1000)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for _, plan := range all {
				plan.Close()
			}
		})
		return all
	}
	strict, loose := offered(Options{}), offered(Options{Nondeterministic: true})
	t.Logf("%d deterministic of %d plans", len(strict), len(loose))
	if len(strict) == 0 || len(strict) >= len(loose) {
		t.Errorf("%d of %d plans are deterministic", len(strict), len(loose))
	}
	again := offered(Options{})
	for i, plan := range strict {
		if again[i].Choice.String() != plan.Choice.String() {
			t.Errorf("plan %d is %v and then %v", i, plan.Choice, again[i].Choice)
		}
		choice, err := ParseChoice(plan.Choice.String())
		if err != nil {
			t.Fatal(err)
		}
		same, err := l.Plan(c, p, Options{Choice: &choice})
		if err != nil {
			t.Errorf("plan %d again: %v", i, err)
			continue
		}
		if same.Choice.String() != plan.Choice.String() || same.Notes != plan.Notes || same.Workspace != plan.Workspace {
			t.Errorf("plan %d is %v (%v, %d bytes), and made of its choice %v (%v, %d bytes)",
				i, plan.Choice, plan.Notes, plan.Workspace, same.Choice, same.Notes, same.Workspace)
		}
		same.Close()
	}
	for _, plan := range offered(Options{MaxWorkspace: 1 << 20}) {
		if plan.Workspace > 1<<20 {
			t.Errorf("engine %v has a workspace of %d bytes", plan.Choice, plan.Workspace)
		}
	}
}

// TestRefusals: errors name the convolution and say what is wrong.
func TestRefusals(t *testing.T) { onBoth(t, refusals) }

func refusals(t *testing.T, l *Library, p *Properties) {
	c := square(128, 32, 64, 128, 4, 2, 1)
	c.Direction, c.Type = FilterGrad, TF32
	nondeterministic, err := l.Plans(c, p, Options{Nondeterministic: true}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var choice Choice
	for _, plan := range nondeterministic {
		if plan.Notes&Nondeterministic != 0 {
			choice = plan.Choice
		}
		plan.Close()
	}
	_, err = l.Plan(c, p, Options{Choice: &choice})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.String()) || !strings.Contains(err.Error(), "1 is not deterministic") {
		t.Errorf("a choice that is not deterministic: %v", err)
	}
	if _, err = l.Plan(c, p, Options{Choice: &Choice{Engine: 123456}}); err == nil || !strings.Contains(err.Error(), "engine choice 123456") {
		t.Errorf("an engine that is not there: %v", err)
	}
	c.P++
	if _, err = l.Plan(c, p, Options{}); err == nil || !strings.Contains(err.Error(), "axis 0") {
		t.Errorf("a wrong output: %v", err)
	}
	for _, text := range []string{"", "{", "{}", `{"deviceVer": 900}`} {
		if p, err := l.Properties([]byte(text)); err == nil {
			p.Close()
			t.Errorf("properties %q are accepted", text)
		}
	}
}

// TestBind: addresses are checked, and a plan for a described device does not
// run.
func TestBind(t *testing.T) { onBoth(t, bind) }

func bind(t *testing.T, l *Library, p *Properties) {
	c := square(128, 32, 64, 128, 4, 2, 1)
	c.Direction = InputGrad
	plan, err := l.Plan(c, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	if plan.Workspace == 0 {
		t.Fatalf("engine %v needs no workspace; take another convolution", plan.Choice)
	}
	if _, err := plan.Bind(0x1000, 0x2000, 0x3008, 0x4000); err == nil || !strings.Contains(err.Error(), "0x3008") {
		t.Errorf("a misaligned address: %v", err)
	}
	if _, err := plan.Bind(0x1000, 0x2000, 0x3000, 0); err == nil || !strings.Contains(err.Error(), "workspace") {
		t.Errorf("no workspace: %v", err)
	}
	call, err := plan.Bind(0x1000, 0x2000, 0x3000, 0x4000)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if err := call.Run(); err == nil || !strings.Contains(err.Error(), "described device") {
		t.Errorf("run without a device: %v", err)
	}
}

func BenchmarkPlan(b *testing.B) {
	l := installed(b)
	p := described(b, l, "h200")
	c := square(128, 32, 64, 128, 4, 2, 1)
	c.Type = BFloat16
	for b.Loop() {
		plan, err := l.Plan(c, p, Options{})
		if err != nil {
			b.Fatal(err)
		}
		plan.Close()
	}
}
