package odd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Value is one odd value at one key.
type Value struct {
	Kind  string   // of oddity, as "boundary"
	Path  []string // of the key; entries of lists have numbers
	Value any
	// Given are the user's values that set it. Beside it they hold what it is in: the other fields of
	// an entry of a list.
	Given map[string]any
}

// Key is the path as messages name it.
func (v Value) Key() string { return strings.Join(v.Path, ".") }

// maker walks through a schema and the right values that it describes.
type maker struct {
	definitions map[string]any
	taken       Taken
	described   map[string]bool // the definitions whose fields were walked through
	made        []Value
}

// Make returns the odd values of all keys that a schema describes, beside those of right, which are
// values with an entry in each list and map that is the user's to fill. Values of taken are what
// the chart uses itself. A definition that holds at several keys is walked through at the first.
func Make(schema, right map[string]any, taken Taken) []Value {
	definitions, _ := schema["definitions"].(map[string]any)
	m := &maker{definitions: definitions, taken: taken, described: map[string]bool{}}
	m.section(schema, right, nil, func(value any) map[string]any { return value.(map[string]any) })
	return m.made
}

// place sets a value at a key of the user's values.
type place func(value any) map[string]any

// section walks through a map that the chart shapes: helm lays the user's over the chart's.
func (m *maker) section(schema, right map[string]any, path []string, at place) {
	m.add("unknown key", append(path, unknown), true, field(nil, unknown, at))
	properties, _ := schema["properties"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		m.value(properties[key].(map[string]any), right[key], append(path, key), field(nil, key, at))
	}
}

// unknown is a key that nothing has.
const unknown = "unknownKey"

// field places the values of a field in a map with others.
func field(others map[string]any, key string, at place) place {
	return func(value any) map[string]any {
		whole := maps.Clone(others)
		if whole == nil {
			whole = map[string]any{}
		}
		whole[key] = value
		return at(whole)
	}
}

func (m *maker) value(schema map[string]any, right any, path []string, at place) {
	if _, shaped := schema["properties"]; shaped && len(path) > 0 {
		m.odd(schema, right, path, at)
		section, _ := right.(map[string]any)
		m.section(schema, section, path, at)
		return
	}
	m.users(schema, right, path, at)
}

// users walks through a value that is the user's to shape.
func (m *maker) users(schema map[string]any, right any, path []string, at place) {
	schema, name := m.resolve(schema)
	m.odd(schema, right, path, at)
	if items, described := schema["items"].(map[string]any); described {
		if inner, conditional := items["else"].(map[string]any); conditional {
			items = inner
		}
		var first any
		if list, _ := right.([]any); len(list) > 0 {
			first = list[0]
		}
		twice := first
		if twice == nil {
			twice = m.least(items)
		}
		m.add("twice", path, []any{twice, twice}, at)
		m.users(items, first, append(path, "0"), func(value any) map[string]any { return at([]any{value}) })
	}
	fields, given := right.(map[string]any)
	if !given {
		fields, _ = m.least(schema).(map[string]any)
	}
	if properties, shaped := schema["properties"].(map[string]any); shaped {
		if m.described[name] {
			return
		}
		m.described[name] = name != ""
		m.add("unknown key", append(path, unknown), true, field(fields, unknown, at))
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			m.users(properties[key].(map[string]any), fields[key], append(path, key), field(fields, key, at))
		}
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		for _, odd := range keys() {
			m.add(odd.Kind, append(path, odd.Value.(string)), fields[key], field(fields, odd.Value.(string), at))
		}
		m.users(m.entry(schema), fields[key], append(path, key), field(fields, key, at))
	}
}

// least returns what a schema requires of a value, and nothing else.
func (m *maker) least(schema map[string]any) any {
	schema, _ = m.resolve(schema)
	if values, limited := schema["enum"].([]any); limited {
		return values[0]
	}
	properties, _ := schema["properties"].(map[string]any)
	items, _ := schema["items"].(map[string]any)
	switch types := typesOf(schema["type"]); {
	case properties != nil:
		fields := map[string]any{}
		required, _ := schema["required"].([]any)
		for _, key := range required {
			fields[key.(string)] = m.least(properties[key.(string)].(map[string]any))
		}
		return fields
	case items != nil:
		return []any{m.least(items)}
	case slices.Contains(types, "integer"):
		return int64(1)
	default:
		return "extra"
	}
}

// entry is the schema of the entries of a map with keys of the user's.
func (m *maker) entry(schema map[string]any) map[string]any {
	patterns, _ := schema["patternProperties"].(map[string]any)
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		if described, _ := patterns[pattern].(map[string]any); described["const"] == nil && len(described) > 0 {
			return described
		}
	}
	described, _ := schema["additionalProperties"].(map[string]any)
	return described
}

// resolve follows a schema's reference to a definition, and tells its name.
func (m *maker) resolve(schema map[string]any) (resolved map[string]any, name string) {
	reference, _ := schema["$ref"].(string)
	if all, _ := schema["allOf"].([]any); len(all) > 0 {
		reference, _ = all[0].(map[string]any)["$ref"].(string)
	}
	name = strings.TrimPrefix(reference, "#/definitions/")
	if definition, found := m.definitions[name].(map[string]any); found {
		return definition, name
	}
	return schema, ""
}

func (m *maker) add(kind string, path []string, value any, at place) {
	m.made = append(m.made, Value{Kind: kind, Path: slices.Clone(path), Value: value, Given: at(value)})
}

// odd adds the odd values for a key.
func (m *maker) odd(schema map[string]any, right any, path []string, at place) {
	types := typesOf(schema["type"])
	key := path[len(path)-1]
	if _, err := strconv.Atoi(key); err == nil && len(path) > 1 {
		key = path[len(path)-2]
	}
	for _, odd := range slices.Concat(wrongTypes(types), empty(types), boundaries(types), texts(types, right), m.taken.of(key, types), nearby(schema)) {
		m.add(odd.Kind, path, odd.Value, at)
	}
}

// typesOf returns the names of JSON's types that a schema allows.
func typesOf(types any) []string {
	switch types := types.(type) {
	case string:
		return []string{types}
	case []any:
		var names []string
		for _, name := range types {
			names = append(names, name.(string))
		}
		return names
	}
	return []string{"null", "boolean", "integer", "number", "string", "array", "object"}
}
