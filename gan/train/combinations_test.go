package train

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/plan"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// idle is a device on which nothing may run.
type idle struct{ device.Device }

func (idle) Alloc(device.Spec) (device.Buffer, error) { panic("memory was asked for") }

func (idle) Build(*plan.Plan, device.Storage) (device.Executable, error) {
	panic("a program was built")
}

// mistaken is a system whose declaration goes on with what is asked for.
func mistaken(ask func(s *game.Setup, real *game.Stream)) *game.Systems {
	return game.NewSystems(game.System{
		Kind: config.Kind{Name: "mistaken", Doc: "asks for too much", Keys: struct{}{}, Optims: []string{"w"}, Labels: true},
		Declare: func(s *game.Setup) error {
			ask(s, s.Stream("real", game.StreamOptions{}))
			return nil
		},
	})
}

// What cannot go together is refused, and what hardly can is warned of, with the reason,
// before anything runs: whether the file, the kind, the data or the declaration says so.
func TestWrongCombinations(t *testing.T) {
	pictures := filepath.Join(t.TempDir(), "pictures")
	shadesIn(t, pictures)
	const points = "[data]\nkind = \"mixture\"\n"
	mlp := points + "[model]\nkind = \"mlp\"\n"
	folder := fmt.Sprintf("[data]\nkind = \"folder\"\npath = %q\nsize = 8\nchannels = 1\n", pictures)
	labels := mistaken(func(s *game.Setup, real *game.Stream) {
		s.Order(game.Entry{Turn: s.Turn("w", func(t *game.Turn) { t.Batch(real, game.Label) })})
	})
	player := func(s *game.Setup) *game.Player {
		return s.Player("w", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return []*graph.Node{nn.Dense(p, "out", in[0], 1, nn.Constant(0), nil)}
		}, game.In{Shape: graph.Shape{2}})
	}
	for _, c := range []struct {
		name    string
		systems *game.Systems
		text    string
		refused string
		warned  string
	}{
		{name: "labels that the kind cannot use", text: points + "labels = true\n[model]\nkind = \"mlp\"\n", refused: `data.labels: model.kind = "mlp" has no use for class labels`},
		{name: "labels that the configuration leaves out", text: points + "[model]\nkind = \"cgan\"\n", refused: `data.labels: model.kind = "cgan" learns classes; set it to true`},
		{name: "labels that the data have not", text: folder + "labels = true\n[model]\nkind = \"cgan\"\n", refused: "has no class folders: put each class's images in a folder of its own"},
		{name: "labels that a turn asks for", systems: labels, text: points, refused: "data.labels: stream real is to give the classes of its samples; set it to true, with data that have labels"},
		{name: "some of each class of data without any", systems: mistaken(func(s *game.Setup, _ *game.Stream) { s.Stream("some", game.StreamOptions{PerClass: 2}) }),
			text: points, refused: "data.labels: stream some takes 2 samples of each class; set it to true"},
		{name: "more of each class than there are", systems: mistaken(func(s *game.Setup, _ *game.Stream) { s.Stream("some", game.StreamOptions{PerClass: 1 << 20}) }),
			text: points + "labels = true\n", refused: "data: stream some: class"},
		{name: "a code of no class", systems: mistaken(func(s *game.Setup, real *game.Stream) { s.Code("y", game.Class, len(real.Classes)) }),
			text: points, refused: "code y of size 0 holds nothing"},
		{name: "a stream's section that the file has too many of", systems: labels, text: "[data.b]\nsize = 8\n", refused: "data.b: there is no such key"},
		{name: "a stream's section that the kind lacks", systems: mistaken(func(s *game.Setup, _ *game.Stream) { s.Stream("more", game.StreamOptions{Section: "b"}) }),
			text: points, refused: "stream more reads [data.b], and the kind has no such section"},
		{name: "an optimiser's section that the file has too many of", systems: labels, text: "[optim.v]\nlr = 1\n", refused: "optim.v: there is no such key; did you mean optim.w?"},
		{name: "an optimiser's section that the kind lacks", systems: mistaken(func(s *game.Setup, _ *game.Stream) { s.Optimizer("w", "v", player(s)) }),
			text: points, refused: "there is no section [optim.v]"},
		{name: "more of a layer than there is to freeze", systems: mistaken(func(s *game.Setup, _ *game.Stream) { player(s).Freeze("in") }),
			text: points, refused: "player w has no layer in, but [out]"},
		{name: "layers frozen too late", systems: mistaken(func(s *game.Setup, _ *game.Stream) {
			p := player(s)
			s.Optimizer("w", "w", p)
			p.Freeze("out")
		}), text: points, refused: "optimiser w has player w's parameters: freeze layers before it is declared"},
		{name: "no layer left to train", text: mlp + "[train]\nfreeze_d = 3\n", refused: "train.freeze_d: the discriminator has 3 layers (dense0, dense1, logit), and one at least is to be trained; write 2 at most"},
		{name: "frozen layers that are drawn", text: mlp + "[train]\nfreeze_d = 2\n", warned: "train.freeze_d = 2 keeps first layers of D as they are drawn"},
		{name: "gradients of one batch of fakes added up", text: mlp + "[train]\naccumulate = 2\nreuse_fakes = true\n", refused: "train.accumulate: with train.reuse_fakes = true"},
		{name: "gradients of two updates added up", systems: centres, text: points + "[model]\nkind = \"fused\"\n[train]\naccumulate = 2\n", refused: "train.accumulate: turn near of fused makes 2 updates"},
		{name: "a gradient penalty beside batch norm", text: "[data]\nsize = 8\nchannels = 1\n[loss]\ngp = 1\n", warned: `loss.gp is of D's slope at each sample alone, and with model.d_norm = "batch"`},
		{name: "a gradient penalty beside a clamp", text: mlp + "[loss]\nkind = \"wgan\"\ngp = 10\n[optim.d]\nclamp = 0.01\n", warned: "optim.d.clamp holds weights and loss.gp holds D's slope"},
		{name: "nothing beside Wasserstein's loss", text: mlp + "[loss]\nkind = \"wgan\"\n", warned: `loss.kind = "wasserstein" has nothing that bounds D's slope`},
		{name: "where a penalty is taken that there is not", text: mlp + "[loss]\ngp_at = \"real\"\n", refused: "loss.gp_at: there is no gradient penalty"},
		{name: "a batch of more than there is", text: folder + "[train]\nbatch = 100\n", refused: "train.batch: 100 is more than the data set holds, which is 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := testHost(t, t.TempDir())
			h.Device = idle{h.Device}
			if c.systems != nil {
				h.Systems = c.systems
			}
			var out strings.Builder
			s, err := h.Systems.Schema.Parse("test.toml", c.text)
			if err == nil {
				var cfg *config.Config
				if cfg, err = s.Resolve(); err == nil {
					err = DryRun(t.Context(), cfg, h, &out)
				}
				if cfg != nil && c.refused != "" {
					if also := Run(t.Context(), cfg, h); fmt.Sprint(also) != fmt.Sprint(err) || len(names(t, h.Out+"/*")) > 0 {
						t.Errorf("a run is refused with %v, in a directory with %v", also, names(t, h.Out+"/*"))
					}
				}
			}
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("it was refused: %v", err)
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), "\n")):
				t.Errorf("error %v, want %q", err, c.refused)
			case c.warned != "" && !slices.ContainsFunc(strings.Split(out.String(), "\n"), func(line string) bool { return strings.HasPrefix(line, c.warned) }):
				t.Errorf("no line begins with %q:\n%s", c.warned, out.String())
			}
		})
	}
}
