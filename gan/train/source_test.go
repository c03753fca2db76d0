package train

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/systems"
)

// TestGlyphSizes: a configuration is refused, by the key, for exactly the sizes
// of glyphs that cannot be drawn.
func TestGlyphSizes(t *testing.T) {
	for _, side := range []int{7, 8, 256, 257} {
		settings, err := systems.Schema().Parse("my.toml", fmt.Sprintf("[model]\nkind = \"mlp\"\n[data]\nsize = %d\n", side))
		if err != nil {
			t.Fatal(err)
		}
		_, refused := settings.Resolve()
		cfg := config.Config{}
		cfg.Data.Kind, cfg.Data.Height, cfg.Data.Width, cfg.Data.Channels = "glyphs", side, side, 1
		_, err = openData(context.Background(), "data", &cfg.Data, nil, nil, nil)
		if (refused == nil) != (err == nil) {
			t.Errorf("%d pixels: the configuration says %v, the data %v", side, refused, err)
		}
		var wrong *config.Error
		if refused != nil && (!errors.As(refused, &wrong) || wrong.Key != "data.size" || wrong.Line != 4) {
			t.Errorf("%d pixels: %v", side, refused)
		}
	}
}
