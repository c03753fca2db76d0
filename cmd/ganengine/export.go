package main

import (
	"context"
	"flag"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/gan/explore"
)

// exportFormats are the formats of export, which are the extensions of their files too.
var exportFormats = []string{"onnx", "safetensors"}

func exportCommand() command {
	return command{name: "export", usage: "export -run RUN -o FILE [-format onnx|safetensors] [-net NAME] [-raw-weights]", short: "write a network, or its weights, for other programs",
		about: "onnx: the network itself, for onnxruntime and others: any batch, images [n, c, h, w], averages of weights\n" +
			"where there are some, batch norm with its running or standing statistics. Classes are int64, what a network\n" +
			"draws is an input. metadata_props say how latents are drawn and what black and white are.\n" +
			"safetensors: fp32 tensors in layer order, named and laid out as PyTorch's modules have them. Those of\n" +
			"DCGAN load with load_state_dict into the Generator and Discriminator of pytorch/examples.",
		example: []string{"ganengine export -run latest -o generator.onnx", "ganengine export -run latest -net d -o discriminator.safetensors"},
		flags: func(a *app, f *flag.FlagSet) action {
			r := addRunFlags(f)
			x := &exporting{}
			f.StringVar(&x.format, "format", "", "`F`: onnx or safetensors; without it what -o ends in")
			f.StringVar(&x.net, "net", "", "`NAME`: which of the system's networks; without it the one that samples are drawn with")
			f.StringVar(&x.path, "o", "", "`FILE`: where to")
			return func(ctx context.Context, _ []string) error { return a.export(ctx, r, x) }
		}}
}

// exporting is what an export is asked for.
type exporting struct{ format, net, path string }

func (a *app) export(ctx context.Context, r *runFlags, x *exporting) error {
	if err := x.settle(); err != nil {
		return err
	}
	if err := writable(x.path); err != nil {
		return err
	}
	return a.explore(r, func(e *explore.Explorer) error {
		p, err := e.Network(x.net)
		if err == nil && x.format == "safetensors" {
			err = e.CheckTorch(p)
		}
		if err != nil {
			return usage("-net: %w", err)
		}
		if x.format == "onnx" {
			err = e.ExportONNX(ctx, x.path, p, versionName())
		} else {
			err = e.ExportTorch(ctx, x.path, p)
		}
		if err != nil {
			return err
		}
		return a.wrote(e, "network "+p.Name, x.path)
	})
}

// settle finds the format by the file's name, or holds the name to it.
func (x *exporting) settle() error {
	if ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(x.path)), "."); x.format == "" && slices.Contains(exportFormats, ending) {
		x.format = ending
	}
	switch {
	case x.format == "":
		return usage("-o: name FILE.onnx or FILE.safetensors, got %q", x.path)
	case !slices.Contains(exportFormats, x.format):
		return usage("there is no format %q; use %s", x.format, strings.Join(exportFormats, " or "))
	case !isFile(x.path, "."+x.format):
		return usage("-o: name FILE.%s for -format %s, got %q", x.format, x.format, x.path)
	}
	return nil
}
