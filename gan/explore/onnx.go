package explore

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/graph"
	"ganengine/engine/onnx"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// ExportONNX writes a player as an ONNX model, with the weights and statistics that samples
// are drawn with. version is of the program that writes it.
func (e *Explorer) ExportONNX(ctx context.Context, path string, p *game.Player, version string) error {
	net, err := onnx.New(p.Name, func(rows int) (*graph.Program, error) { return p.Program(p.Name, rows, e.trained) })
	if err != nil {
		return err
	}
	if err := e.prepare(ctx); err != nil {
		return err
	}
	value, err := e.constants(net)
	if err != nil {
		return err
	}
	info := onnx.Info{Producer: "ganengine", Version: version, Metadata: e.metadata(p, version),
		Doc: fmt.Sprintf("%s of %s (%s) after step %d", p.Title(), e.Config.Run.Name, e.Config.Model.Kind, e.Step)}
	return atomicfile.Write(path, func(w io.Writer) error { return net.Write(w, info, value) })
}

// constants computes those of a network that are no Variables, and gives all.
func (e *Explorer) constants(net *onnx.Net) (func(c onnx.Constant) ([]byte, error), error) {
	var program *session.Program
	var folded *session.Result
	if p := net.Folded(); p != nil {
		if err := e.session.Compile(p); err != nil {
			return nil, err
		}
		program = e.session.Program(p.Name)
		var err error
		if folded, err = program.Finish(); err != nil {
			return nil, fmt.Errorf("computing the constants of network %s: %w", p.Name, err)
		}
	}
	return func(c onnx.Constant) ([]byte, error) {
		if c.Variable != nil {
			return e.session.ReadBytes(c.Variable.Name)
		}
		return folded.Bytes(program.Index(c.Output)), nil
	}, nil
}

// metadata is what a model says of where it comes from, and of what goes in and out.
func (e *Explorer) metadata(p *game.Player, version string) [][2]string {
	weights, statistics := "trained", "running"
	if p.Average() != nil && !e.trained {
		weights = "average"
	}
	for _, x := range e.Game.Standing() {
		if x.Net == p.Net {
			statistics = "standing"
		}
	}
	all := [][2]string{{"ganengine", version}, {"run", e.Config.Run.Name}, {"model", e.Config.Model.Kind}, {"network", p.Name},
		{"step", fmt.Sprint(e.Step)}, {"weights", weights}, {"statistics", statistics}}
	if !e.Points() {
		all = append(all, [2]string{"layout", "NCHW"}, [2]string{"pixel_range", pixelRange(e.out.Range)})
	}
	for _, in := range p.In() {
		if in.Codes != nil {
			all = append(all, [2]string{"input." + in.Name, distribution(in)})
		}
	}
	if e.Info.Classes != nil {
		names, err := json.Marshal(e.Info.Classes)
		if err != nil {
			panic(err) // they are strings
		}
		all = append(all, [2]string{"classes", string(names)})
	}
	return all
}

// pixelRange is what black and white are.
func pixelRange(r model.Range) string {
	if r == model.Unit {
		return "0 to 1"
	}
	return "-1 to 1"
}

// distribution says how an operand of codes is drawn: what each has of it, side by side.
func distribution(in game.In) string {
	var parts []string
	for _, c := range in.Codes {
		text := map[game.CodeKind]string{
			game.Normal:      "%d numbers, N(0, 1)",
			game.Uniform:     "%d numbers, U(-sqrt 3, sqrt 3)",
			game.Categorical: "%d numbers, a one among zeros",
			game.Class:       "int64, one of the numbers of %d classes from 0 on",
		}[c.Kind]
		parts = append(parts, fmt.Sprintf(text, c.Size))
	}
	out := strings.Join(parts, "; ")
	if in.Times != 0 && in.Times != 1 {
		out += fmt.Sprintf(", times %g", in.Times)
	}
	return out
}
