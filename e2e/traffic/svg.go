package traffic

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// Lengths in the picture, in pixels.
const (
	left     = 250 // before the first moment: names of the rows
	plot     = 900 // from the first moment to the last
	right    = 110 // after the last moment: the label of an action there
	row      = 18
	bars     = 90 // height of the requests' part
	margin   = 24
	minimum  = 1.5 // of anything that has a width
	labelGap = 7   // per character of a label, roughly
)

//go:embed timeline.svg.tmpl
var source string

var picture = template.Must(template.New("timeline").Parse(source))

// bar is what became of the requests of one second.
type bar struct {
	X, Width, Served, Failed float64 // of the parts, from below
	Title                    string
}

type span struct {
	X, Width float64
	Kind     string // a class of the picture's style
	Title    string
}

type line struct {
	Name  string
	Y     float64
	Spans []span
}

type label struct {
	X, Y float64
	Text string
}

type drawing struct {
	Title, Summary    string
	Width, Height     float64
	Left, Right, Base float64 // of the requests' part
	Bars              []bar
	Actions           []label
	Ticks             []label
	Lines             []line
	LinesFoot         float64
}

// SVG draws the timeline: requests a second, actions, and a row for each pod and each side's
// certificates.
func (t *Timeline) SVG() ([]byte, error) {
	scale := t.scale()
	d := drawing{
		Title:   t.Title,
		Summary: fmt.Sprintf("%d requests, %d failed, %d restarts, %s", len(t.Requests), len(t.Failed()), len(t.Restarts), scale.length.Round(time.Second)),
		Width:   left + plot + right, Left: left, Right: left + plot,
	}
	d.Actions = t.actions(scale)
	top := margin * 3.0
	for _, action := range d.Actions {
		top = max(top, action.Y+margin/2)
	}
	d.Base = top + bars
	d.Bars = t.bars(scale)
	y := d.Base + margin
	for _, l := range slices.Concat(t.pods(scale), t.certificates(scale), t.handshakes(scale)) {
		l.Y = y
		d.Lines = append(d.Lines, l)
		y += row
	}
	d.LinesFoot = y
	d.Ticks = scale.ticks(y + row)
	d.Height = y + 2*row
	var out bytes.Buffer
	err := picture.Execute(&out, d)
	return out.Bytes(), err
}

// actions puts labels that would cover one another into rows of their own.
func (t *Timeline) actions(s scale) []label {
	var labels []label
	var ends []float64 // of each row's last label
	for _, action := range t.Actions {
		x, width := s.x(action.At), float64(len(action.What)*labelGap)
		n := 0
		for n < len(ends) && ends[n] > x {
			n++
		}
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = x + width
		labels = append(labels, label{X: x, Y: margin*3 + float64(n)*row, Text: action.What})
	}
	return labels
}

// bars counts requests by the second in which they were sent. The highest bar fills the part.
func (t *Timeline) bars(s scale) []bar {
	seconds := int(s.length.Seconds()) + 1
	served, failed, first := make([]int, seconds), make([]int, seconds), make([]string, seconds)
	most := 1
	for _, request := range t.Requests {
		n := int(request.Sent.Sub(s.start).Seconds())
		if request.Failure == "" {
			served[n]++
		} else {
			failed[n]++
			first[n] = request.Failure
		}
		most = max(most, served[n]+failed[n])
	}
	var drawn []bar
	for n := range seconds {
		if served[n]+failed[n] == 0 {
			continue
		}
		at := s.start.Add(time.Duration(n) * time.Second)
		drawn = append(drawn, bar{
			X: s.x(at), Width: max(minimum, s.width(time.Second)-0.5),
			Served: bars * float64(served[n]) / float64(most), Failed: bars * float64(failed[n]) / float64(most),
			Title: strings.TrimSpace(fmt.Sprintf("%ds: %d served, %d failed %s", n, served[n], failed[n], first[n])),
		})
	}
	return drawn
}

func (t *Timeline) pods(s scale) []line {
	var lines []line
	for _, pod := range t.Pods {
		gone := pod.Gone
		if gone.IsZero() {
			gone = s.start.Add(s.length)
		}
		ready := pod.Ready
		if ready.IsZero() {
			ready = gone
		}
		l := line{Name: pod.Name, Spans: []span{
			{X: s.x(pod.Seen), Width: s.width(ready.Sub(pod.Seen)), Kind: "starting", Title: "not ready"},
			{X: s.x(ready), Width: s.width(gone.Sub(ready)), Kind: "ready", Title: "ready"},
		}}
		for _, restart := range t.Restarts {
			if strings.HasPrefix(restart.What, pod.Name+"/") {
				l.Spans = append(l.Spans, span{X: s.x(restart.At), Width: 3 * minimum, Kind: "restart", Title: "restarted: " + restart.What})
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// certificates draws one row for each identity, with a mark where a new certificate came.
func (t *Timeline) certificates(s scale) []line {
	var lines []line
	index := map[string]int{}
	for _, certificate := range t.Certificates {
		name := certificate.ID[strings.LastIndex(certificate.ID, "/")+1:] + " certificates"
		n, known := index[name]
		if !known {
			n = len(lines)
			index[name] = n
			lines = append(lines, line{Name: name})
		}
		lines[n].Spans = append(lines[n].Spans, span{X: s.x(certificate.Since), Width: 2 * minimum, Kind: "certificate",
			Title: fmt.Sprintf("serial %s, expires %s", certificate.Serial, certificate.Expires.UTC().Format(time.TimeOnly))})
	}
	return lines
}

// handshakes draws a mark for each one that failed.
func (t *Timeline) handshakes(s scale) []line {
	if len(t.Handshakes) == 0 {
		return nil
	}
	failed := line{Name: "failed handshakes"}
	for _, handshake := range t.Handshakes {
		failed.Spans = append(failed.Spans, span{X: s.x(handshake.At), Width: 2 * minimum, Kind: "failed", Title: handshake.What})
	}
	return []line{failed}
}
