package config_test

import (
	"reflect"
	"testing"

	. "ganengine/gan/config"
)

func TestTables(t *testing.T) {
	const table = "{ at = [0, 100], to = [2e-4, 0], unit = \"epochs\" }"
	want := &Schedule{At: []float64{0, 100}, To: []float64{2e-4, 0}, Unit: "epochs", Shape: "linear", From: "start"}
	for name, c := range map[string]*Config{
		"file": mustResolve(t, "[optim.g]\nlr = "+table+"\n"),
		"set":  mustResolve(t, "", "optim.g.lr={at=[0,100],to=[2e-4,0],unit=\"epochs\"}"),
	} {
		if got := c.Optim("g").LR.Schedule; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if got := c.Optim("d").Rate(5); !reflect.DeepEqual(&got, want) {
			t.Errorf("%s: the rate of d is %+v, want %+v", name, got, want)
		}
		if again := rewritten(t, c); !reflect.DeepEqual(again, c) {
			t.Errorf("%s: read back with %v", name, Diff(again, c))
		}
	}
	short := mustResolve(t, "", "optim.g.lr=0.5", "optim.g.schedule=exponential", "optim.g.decay_start=3", "optim.g.lr_end=0.25")
	if got, want := short.Optim("g").Rate(9), (Schedule{At: []float64{3, 9}, To: []float64{0.5, 0.25}, Unit: "steps", Shape: "exponential", From: "start"}); !reflect.DeepEqual(got, want) {
		t.Errorf("the short form is %+v, want %+v", got, want)
	}
}

func TestTableErrorTexts(t *testing.T) {
	for _, c := range []struct{ lr, want string }{
		{"{ at = [0, 1], to = [1] }", `my.toml:2: optim.g.lr: in the table, at has 2 numbers and to has 1; write as many of both, as in { at = [0, 100], to = [2e-4, 0], unit = "epochs" }`},
		{"{}", `my.toml:2: optim.g.lr: in the table, at has 0 numbers and to has 0; write as many of both, as in { at = [0, 100], to = [2e-4, 0], unit = "epochs" }`},
		{"{ at = [1, 1], to = [1, 2] }", "my.toml:2: optim.g.lr: in the table, at is [1.0, 1.0]; it must begin with 0 or more, and grow"},
		{"{ at = [-1, 1], to = [1, 2] }", "my.toml:2: optim.g.lr: in the table, at is [-1.0, 1.0]; it must begin with 0 or more, and grow"},
		{"{ at = [0, 1], to = [1, -2] }", "my.toml:2: optim.g.lr: in the table, to: -2.0 is impossible; it must be at least 0"},
		{"{ at = [0, 1], to = [1, 0], shape = \"exponential\" }", `my.toml:2: optim.g.lr: in the table, to: 0.0 is impossible; a schedule of shape "exponential" has numbers of more than 0`},
		{"{ at = [0], to = [1], unit = \"years\" }", `my.toml:2: optim.g.lr: in the table, "years" is no unit; write "steps", "kimg", "epochs" or "updates"`},
		{"{ at = [0], to = [1], form = \"start\" }", "my.toml:2: optim.g.lr: in the table, there is no form; did you mean from?"},
		{"{ at = 0, to = [1] }", "my.toml:2: optim.g.lr: in the table, at: 0 is a whole number; write a list of numbers, such as [0.5, 1]"},
		{"{ at = [0], to = [1] }\nschedule = \"linear\"", `my.toml:3: optim.g.schedule: optim.g.lr is a table, which is a course already; write schedule = "constant", or one number for lr`},
	} {
		_, err := resolve("[optim.g]\nlr = " + c.lr + "\n")
		if got := errorText(err); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.lr, got, c.want)
		}
	}
}
