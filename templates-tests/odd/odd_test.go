package odd

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const schema = `{
  "properties": {
    "server": {"type": ["object", "null"], "properties": {
      "port": {"type": ["integer", "null"]},
      "level": {"type": "string", "enum": ["Info", "Debug"]},
      "labels": {"type": "object", "allOf": [{"$ref": "#/definitions/Labels"}]},
      "mounts": {"type": "array", "items": {"if": {"const": ""}, "else": {"type": "object", "allOf": [{"$ref": "#/definitions/Mount"}]}}}
    }},
    "tools": {"type": "object", "properties": {"mount": {"$ref": "#/definitions/Mount"}}}
  },
  "definitions": {
    "Labels": {"type": "object", "patternProperties": {"^hook": {"const": "absent"}, "^a": {"type": "string"}}},
    "Mount": {"type": "object", "required": ["name"], "properties": {
      "name": {"type": "string"},
      "path": {"type": "string"},
      "source": {"$ref": "#/definitions/Source"}
    }},
    "Source": {"type": "object", "required": ["kind", "size", "list"], "properties": {
      "kind": {"enum": ["File", "Folder"]},
      "size": {"type": "integer"},
      "list": {"type": "array", "items": {"type": "string"}}
    }}
  }
}`

// made returns the odd values of the schema at a key.
func made(t *testing.T, key string) []Value {
	t.Helper()
	var described map[string]any
	require.NoError(t, json.Unmarshal([]byte(schema), &described))
	right := map[string]any{"server": map[string]any{
		"labels": map[string]any{"a": "b"},
		"mounts": []any{map[string]any{"name": "mine", "path": "/mine"}},
	}}
	taken := Taken{}
	taken.Add(map[string]any{"containers": []any{map[string]any{"name": "theirs", "ports": []any{map[string]any{"containerPort": int64(8080)}}}}})
	return slices.DeleteFunc(Make(described, right, taken), func(value Value) bool { return value.Key() != key })
}

// ofKind returns what is tried, of a kind.
func ofKind(values []Value, kind string) (tried []any) {
	for _, value := range values {
		if value.Kind == kind {
			tried = append(tried, value.Value)
		}
	}
	return tried
}

func TestValuesAreOddForTheirType(t *testing.T) {
	t.Parallel()
	port := made(t, "server.port")
	assert.Equal(t, []any{true, 1.5, "text", "1", "true", []any{}, []any{"text"}, map[string]any{}, map[string]any{"a": "b"}}, ofKind(port, "wrong type"))
	assert.Subset(t, ofKind(port, "boundary"), []any{int64(0), int64(-1), int64(65536), int64(1 << 31), int64(1<<53 + 1)})
	assert.Equal(t, []any{nil}, ofKind(port, "null"))
	assert.Equal(t, []any{int64(8080)}, ofKind(port, "collision"), "a containerPort is a port")
	assert.Empty(t, ofKind(port, "quoting"))

	assert.Equal(t, []any{"info", "INFO", "Infos", "debug", "DEBUG", "Debugs"}, ofKind(made(t, "server.level"), "spelling"))
	assert.Equal(t, []any{"a\n", "a\r\n", "/mine\n"}, ofKind(made(t, "server.mounts.0.path"), "line break"), "the last is the right one, and more")
	assert.Equal(t, []any{"theirs"}, ofKind(made(t, "server.mounts.0.name"), "collision"))

	mount := map[string]any{"name": "mine", "path": "/mine"}
	assert.Equal(t, []any{[]any{mount, mount}}, ofKind(made(t, "server.mounts"), "twice"), "the right entry")
	assert.Equal(t, []any{[]any{"extra", "extra"}}, ofKind(made(t, "server.mounts.0.source.list"), "twice"))
}

func TestKeysAreUnknownAtEveryDepth(t *testing.T) {
	t.Parallel()
	for _, key := range []string{unknown, "server." + unknown, "tools." + unknown, "server.mounts.0." + unknown, "server.mounts.0.source." + unknown} {
		values := made(t, key)
		assert.Len(t, ofKind(values, "unknown key"), 1, key)
	}
	assert.Equal(t, []any{"b"}, ofKind(made(t, "server.labels.a/b/c"), "key"))
}

// TestOneValueIsOdd: what it is in is as it should be.
func TestOneValueIsOdd(t *testing.T) {
	t.Parallel()
	given := func(key string, value any) map[string]any {
		for _, made := range made(t, key) {
			if made.Value == value {
				return made.Given
			}
		}
		require.Fail(t, "not made", key)
		return nil
	}
	assert.Equal(t, map[string]any{"server": map[string]any{"port": int64(0)}}, given("server.port", int64(0)))
	mount := func(fields map[string]any) map[string]any {
		fields["name"] = "mine"
		return map[string]any{"server": map[string]any{"mounts": []any{fields}}}
	}
	assert.Equal(t, mount(map[string]any{"path": "a\n"}), given("server.mounts.0.path", "a\n"))
	assert.Equal(t, mount(map[string]any{"path": "/mine", "source": map[string]any{"kind": "File", "size": int64(0), "list": []any{"extra"}}}),
		given("server.mounts.0.source.size", int64(0)))
}

// A definition is walked through once, and where it holds again, values are tried in its place.
func TestRecursiveDefinition(t *testing.T) {
	t.Parallel()
	assert.NotEmpty(t, ofKind(made(t, "tools.mount"), "wrong type"))
	assert.Empty(t, made(t, "tools.mount.name"))
	assert.NotEmpty(t, made(t, "server.mounts.0.name"))
}
