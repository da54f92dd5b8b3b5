package guide

import (
	"regexp"
	"strings"
)

// omission is what a guide shows in place of what it leaves out.
const omission = "…"

// types are the kinds of things that differ from run to run, the longest forms first. Each is
// replaced by its name.
var types = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"‹uuid›", regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)},
	{"‹time›", regexp.MustCompile(`\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( [A-Z]{3,4})?( m=\S+)?`)},
	{"‹time›", regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \d{4}\b`)},
	{"‹klog›]", regexp.MustCompile(`\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ \S+\.go:\d+\]`)},
	{"‹address›", regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`)},
	{"‹address›", regexp.MustCompile(`\[::1?\](:\d+)?`)},
	// Kubernetes makes random names of letters and digits that form no words.
	{"-‹random›", regexp.MustCompile(`-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b`)},
	{"-‹random›", regexp.MustCompile(`-([bcdfghjklmnpqrstvwxz2456789]{5}|[bcdfghjklmnpqrstvwxz2456789]{8,10})\b`)},
	{"‹serial›", regexp.MustCompile(`\b\d{12,}\b`)},
	{"‹hash›", regexp.MustCompile(`\b(sha256:)?[0-9a-f]{32,64}\b`)},
	{"‹duration›", regexp.MustCompile(`\b((\d+(\.\d+)?(ms|µs|d|h|m|s))+)\b`)},
	{"", regexp.MustCompile(` \(‹duration› ago\)`)}, // of the last restart, which the number of restarts says, too
}

// spaces are what columns are aligned with.
var spaces = regexp.MustCompile(`[ \t]+`)

// normalize replaces what differs from run to run by its type.
func normalize(line string) string {
	for _, t := range types {
		line = t.pattern.ReplaceAllLiteralString(line, t.name)
	}
	return strings.TrimSpace(spaces.ReplaceAllString(line, " "))
}

// lines splits a text into its lines, less empty ones at its end and the space at their ends.
func lines(text string) []string {
	all := strings.Split(strings.TrimRight(text, " \t\r\n"), "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " \t\r")
	}
	return all
}

// sameLine tells whether an actual line is what the guide shows.
func sameLine(expected, actual string) bool {
	parts := strings.Split(normalize(expected), omission)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	pattern := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
	return pattern.MatchString(normalize(actual))
}

// alignment says which actual line stands for which expected one; -1 where the guide leaves lines
// out.
type alignment []int

// compare aligns what was printed with what the guide shows. If they differ, first is the index of
// the expected line up to which they could be brought to agree; it is the number of expected lines
// where too much was printed.
func compare(expected, actual []string) (_ alignment, same bool, first int) {
	found := make(alignment, len(expected))
	tried := map[[2]int]bool{}
	var from func(e, a int) bool
	from = func(e, a int) bool {
		if tried[[2]int{e, a}] {
			return false
		}
		tried[[2]int{e, a}] = true
		first = max(first, e)
		switch {
		case e == len(expected):
			return a == len(actual)
		case strings.TrimSpace(expected[e]) == omission:
			found[e] = -1
			for next := a; next <= len(actual); next++ {
				if from(e+1, next) {
					return true
				}
			}
			return false
		case a < len(actual) && sameLine(expected[e], actual[a]):
			found[e] = a
			return from(e+1, a+1)
		}
		return false
	}
	same = from(0, 0)
	return found, same, first
}
