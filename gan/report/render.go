package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // of the page's parts
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"
)

var (
	//go:embed assets/uplot.min.js
	chartScript string
	//go:embed assets/uplot.min.css
	chartStyle string
	//go:embed assets/uplot.LICENSE
	chartLicense string
	//go:embed assets/page.js
	pageScript string
	//go:embed assets/page.css
	pageStyle string
	//go:embed assets/page.html
	pageMarkup string
)

// A document is a page with its scripts: a body of text, and what its scripts draw.
type document struct {
	Title string
	Style template.CSS
	Rules template.HTMLAttr // the policy
	Body  any
}

// parts are what all pages have in common.
type parts struct {
	markup        *template.Template
	script, style string
	rules         string
}

// common makes the parts once, and only where a page is made.
var common = sync.OnceValue(func() parts {
	p := parts{
		script: "/*\n" + chartLicense + "\n*/\n" + chartScript + pageScript,
		style:  chartStyle + pageStyle,
	}
	p.rules = fmt.Sprintf("default-src 'none'; img-src data:; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'", digest(p.script), digest(p.style))
	p.markup = template.Must(template.New("page").Funcs(template.FuncMap{
		"utc":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"count": count,
		"slot":  func(i int) int { return i % colors },
	}).Parse(pageMarkup))
	return p
})

// digest is the source of a policy that allows this text alone.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// roomOf is how many bytes of pictures a page has room for, of these curves and at most so many bytes of text.
func roomOf(curves []byte, text int) int64 {
	c := common()
	return int64(mostBytes - len(curves) - len(c.script) - len(c.style) - text)
}

// render writes the page.
func (p *page) render(w io.Writer) error {
	all := p.grids
	if p.reals != nil {
		all = append([]Picture{*p.reals}, all...)
	}
	return assemble(w, "run", p.Title, p, p.curves, all)
}

// assemble writes a page: the markup of that name, and the data of its script. These are JSON in which no character can
// end the element that holds it (encoding/json quotes <, > and &).
func assemble(w io.Writer, markup, title string, body any, curves []byte, pictures []Picture) error {
	c := common()
	d := document{Title: title, Style: template.CSS(c.style), Rules: template.HTMLAttr(`content="` + c.rules + `"`), Body: body}
	if err := c.markup.ExecuteTemplate(w, markup, d); err != nil {
		return err
	}
	out := bufio.NewWriter(w) // keeps the first error
	out.WriteString(`<script type="application/json" id="data">`)
	out.Write(curves)
	out.WriteString("</script>\n" + `<script type="application/json" id="pictures">[`)
	for i, p := range pictures {
		about, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteString(",")
		}
		out.Write(bytes.TrimSuffix(about, []byte("}"))) // the source is megabytes of letters that need no quoting
		out.WriteString(`,"src":"`)
		out.WriteString(p.Source)
		out.WriteString(`"}`)
	}
	out.WriteString("]</script>\n<script>")
	out.WriteString(c.script)
	out.WriteString("</script>\n</body>\n</html>\n")
	return out.Flush()
}
