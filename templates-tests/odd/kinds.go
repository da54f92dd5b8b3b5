package odd

import (
	"slices"
	"strings"
)

// candidate is an odd value for which the key is not chosen yet.
type candidate struct {
	Kind  string
	Value any
}

func of(kind string, values ...any) []candidate {
	var all []candidate
	for _, value := range values {
		all = append(all, candidate{kind, value})
	}
	return all
}

var samples = map[string][]any{
	"boolean": {true}, "integer": {int64(1)}, "number": {1.5}, "string": {"text", "1", "true"},
	"array": {[]any{}, []any{"text"}}, "object": {map[string]any{}, map[string]any{"a": "b"}},
}

func wrongTypes(types []string) (wrong []candidate) {
	for _, name := range []string{"boolean", "integer", "number", "string", "array", "object"} {
		if !slices.Contains(types, name) && (name != "integer" || !slices.Contains(types, "number")) {
			wrong = append(wrong, of("wrong type", samples[name]...)...)
		}
	}
	return wrong
}

func empty(types []string) []candidate {
	found := of("null", nil)
	for _, name := range types {
		switch name {
		case "string":
			found = append(found, of("empty", "")...)
		case "array":
			found = append(found, of("empty", []any{}, []any{""}, []any{nil}, []any{map[string]any{}})...)
		case "object":
			found = append(found, of("empty", map[string]any{})...)
		}
	}
	return found
}

func boundaries(types []string) (found []candidate) {
	if slices.Contains(types, "integer") || slices.Contains(types, "number") {
		found = of("boundary", int64(0), int64(-1), int64(1), int64(512), int64(65535), int64(65536), int64(1<<31-1), int64(1<<31), int64(1<<53+1), float64(1<<31), 1e21)
	}
	if slices.Contains(types, "number") {
		found = append(found, of("boundary", 0.5, -0.5, 1e-10)...)
	}
	return found
}

// texts returns texts that some syntax interprets, that look like another type, and that are too
// long.
func texts(types []string, right any) []candidate {
	if !slices.Contains(types, "string") {
		return nil
	}
	found := slices.Concat(
		of("quoting", `a"b`, "a'b", "a\nb", "a$HOME", "${HOME}", `a\b`, `a\`, "$(HOSTNAME)", "`id`", "ä→😀", "{{ .Values }}", "a b", " a", "#a", "a: b", "- a",
			"%d", "a\tb", "a\x00b", "a,b", "*a", "&a", "!a", "|", "[", "{", "<a>"),
		of("other type", "yes", "null", "~", "0x1F", "1e3", "012", "1.0", ".5", "1_000", "2026-01-01", "-1", "NaN", "18446744073709551616"),
		of("path", "/", ".", "..", "../a", "a/../b", "/a/../b", "a//b", "-a", ".a", "a.", "a/", "/etc"),
		of("long", strings.Repeat("a", 64), strings.Repeat("a", 254), "/"+strings.Repeat("a", 300), strings.Repeat("a.", 60)+"a"),
		of("upper case", "UPPER", "aB"),
		of("line break", "a\n", "a\r\n"),
	)
	if text, is := right.(string); is && text != "" {
		found = slices.Concat(found, of("line break", text+"\n"), of("upper case", strings.ToUpper(text)), of("quoting", text+" ", text+"$(HOSTNAME)", text+`"`),
			of("long", text+strings.Repeat("a", 300)), of("path", text+"/", text+"/../a"))
	}
	return found
}

// nearby returns wrong spellings of the values that a schema lists.
func nearby(schema map[string]any) (found []candidate) {
	values, _ := schema["enum"].([]any)
	for _, value := range values {
		if text, is := value.(string); is && text != "" {
			found = append(found, of("spelling", strings.ToLower(text), strings.ToUpper(text), text+"s")...)
		}
	}
	return found
}

// keys returns odd keys of maps whose keys are the user's.
func keys() []candidate {
	return slices.Concat(
		of("key", "", "a b", "a/b", "a/b/c", "A/b", "/a", "a/", `a"b`, "a\nb", "ä", "{{ . }}", "-a", "a-", "a_b", "a..b/c", "true", "1", strings.Repeat("a", 64), strings.Repeat("a.", 130)+"a/b"),
		of("key", "app", "app.kubernetes.io/name", "helm.sh/chart", "kubernetes.io/os", "helm.sh/hook"),
	)
}
