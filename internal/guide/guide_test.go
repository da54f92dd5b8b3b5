package guide

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// follow runs a guide whose fences are written with apostrophes for backquotes.
func follow(t *testing.T, source string) error {
	t.Helper()
	g, err := Parse("a.md", []byte(strings.ReplaceAll(source, "'''", "```")))
	require.NoError(t, err)
	return Runner{Dir: t.TempDir(), Env: []string{"NAME=spire"}}.Follow(t.Context(), g)
}

// difference runs a guide and returns where it is not true.
func difference(t *testing.T, source string) *Difference {
	t.Helper()
	var d *Difference
	require.ErrorAs(t, follow(t, source), &d)
	return d
}

func TestBlocksShareOneSession(t *testing.T) {
	t.Parallel()
	assert.NoError(t, follow(t, `
# A guide
'''bash
mkdir -p a && cd a
greeting="hello $NAME"
sleep 1000 &
background=$!
'''
Later:
'''bash
basename "$PWD"; echo "$greeting"
kill $background
'''
prints
'''text
a
hello spire
'''
`))
}

// A difference names file, line and both sides.
func TestDifference(t *testing.T) {
	t.Parallel()
	d := difference(t, `
'''bash
printf 'one\ntwo\n'
'''
'''text
one
three
'''
`)
	assert.Equal(t, &Difference{"a.md", 7, "the output differs", "one\nthree\n", "one\ntwo"}, d)
	assert.Contains(t, d.Error(), "a.md:7")
}

// Too much and too little output are differences.
func TestOutputLength(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 6, difference(t, "\n'''bash\nprintf 'one\\ntwo\\n'\n'''\n'''text\none\n'''\n").Line)
	assert.Equal(t, 7, difference(t, "\n'''bash\necho one\n'''\n'''text\none\ntwo\n'''\n").Line)
}

// A command that fails, fails the guide at its line.
func TestFailure(t *testing.T) {
	t.Parallel()
	d := difference(t, `
'''bash
echo fine
no-such-command --flag
echo "not the last"
'''
`)
	assert.Equal(t, 4, d.Line)
	assert.Contains(t, d.What, "no-such-command --flag")
	assert.Contains(t, d.Actual, "not found")
}

// A command may fail where the guide says so.
func TestExpectedFailure(t *testing.T) {
	t.Parallel()
	const refused = "sh -c 'echo error: refused >&2; exit 1'\n'''\n'''text\nerror: refused\n'''\n"
	require.NoError(t, follow(t, "\n'''bash fails\n"+refused))
	assert.Equal(t, "a command fails: sh -c 'echo error: refused >&2; exit 1'", difference(t, "\n'''bash\n"+refused).What)
	assert.Equal(t, "a command fails: false", difference(t, "\n'''bash fails\nfalse\n'''\n'''text\nerror\n'''\n").What)
	assert.Equal(t, "a command fails: sh -c 'echo error; exit 1'", difference(t, "\n'''bash fails\nsh -c 'echo error; exit 1'\n'''\n").What)
	assert.Equal(t, "no command fails, and the block says that one does", difference(t, "\n'''bash fails\necho error\n'''\n").What)
}

// One command's error excuses no other.
func TestSecondFailure(t *testing.T) {
	t.Parallel()
	const refused = "sh -c 'echo error: refused >&2; exit 1'"
	for _, commands := range []string{"false\n" + refused, refused + "\nfalse"} {
		d := difference(t, "\n'''bash fails\n"+commands+"\n'''\n'''text\nerror: refused\n'''\n")
		assert.Equal(t, "a command fails: false", d.What, commands)
	}
}

func TestAShellThatEndsFailsTheGuide(t *testing.T) {
	t.Parallel()
	assert.ErrorContains(t, follow(t, "\n'''bash\nexit 0\n'''\n"), "a.md:3: the shell has ended")
}

// A block for the reader's own cluster is a dry run.
func TestDryRun(t *testing.T) {
	t.Parallel()
	source := `
'''bash
kubectl() { echo "run: kubectl $*"; }
command() { echo "run: $*"; }
'''
On your own cluster:
'''bash dry-run
kubectl apply -f agent.yaml > seen
'''
'''bash
cat seen
kubectl apply -f agent.yaml
'''
'''text
run: kubectl apply -f agent.yaml --dry-run=server
run: kubectl apply -f agent.yaml
'''
`
	assert.NoError(t, follow(t, source))
}

// An update of a guide keeps what is left out and refreshes the rest.
func TestRecord(t *testing.T) {
	t.Parallel()
	source := strings.ReplaceAll(`
'''bash
printf 'pod/agentcube-router-54b4c454df-64fhh   2m\nlong\nlong\nend\n'
'''
prints
'''text
pod/agentcube-router-7fc55b96fd-wzdpt   18m
…
end
'''
and
'''bash
echo new
'''
'''text
old
'''
`, "'''", "```")
	g, err := Parse("a.md", []byte(source))
	require.NoError(t, err)
	recorded, err := Runner{Dir: t.TempDir()}.Record(t.Context(), g)
	require.NoError(t, err)
	want := strings.NewReplacer("agentcube-router-7fc55b96fd-wzdpt   18m", "agentcube-router-54b4c454df-64fhh   2m", "\nold\n", "\nnew\n").Replace(source)
	assert.Equal(t, want, string(recorded))
}

// Runs that name things otherwise are read as the guide does.
func TestRenamedThings(t *testing.T) {
	t.Parallel()
	g, err := Parse("a.md", []byte("```bash\necho agentcube-guides-control-plane\n```\n```text\nagentcube-control-plane\n```\n"))
	require.NoError(t, err)
	assert.NoError(t, Runner{Dir: t.TempDir(), Rename: []string{"agentcube-guides", "agentcube"}}.Follow(t.Context(), g))
}

// Blocks that nobody would check are errors.
func TestUncheckedBlocks(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"```sh\nrm -r /\n```\n":                               `a.md:2: a block of the language "sh"`,
		"```\nrm -r /\n```\n":                                 `a.md:2: a block of the language ""`,
		"    rm -r /\n":                                       "a.md:1: an indented code block",
		"- do\n\n  ```bash\n  rm -r /\n  ```\n":               "inside a list",
		"```text\nprinted\n```\n":                             "a.md:2: no commands above print this",
		"```bash dryrun\nrm -r /\n```\n":                      `a.md:2: a block of the language "bash" says "dryrun"`,
		"```bash\n:\n```\n```text\na\n```\n```text\nb\n```\n": "no commands above print this",
	} {
		_, err := Parse("a.md", []byte(source))
		assert.ErrorContains(t, err, want, source)
	}
}

// A guide that is broken in one place fails.
func TestBrokenGuide(t *testing.T) {
	t.Parallel()
	const whole = `
'''bash
kubectl() { case "$*" in "logs -n agentcube router --tail=1") echo "I1123 23:49:20.286799 1 source.go:68] All files are present" ;; *) echo "error: $*"; return 1 ;; esac; }
kubectl logs -n agentcube router --tail=1
'''
'''text
I0101 00:00:00.000000 7 source.go:1] All files are present
'''
`
	require.NoError(t, follow(t, whole))
	for what, change := range map[string][3]string{
		"command":   {"\nkubectl logs", "\nkubectl log", "a command fails"},
		"flag":      {"router --tail=1\n", "router --last=1\n", "a command fails"},
		"namespace": {"\nkubectl logs -n agentcube", "\nkubectl logs -n agentcube-system", "a command fails"},
		"log line":  {"All files are present\n'''", "All mTLS files are present\n'''", "the output differs"},
		"output":    {"\nI0101", "\nready\nI0101", "the output differs"},
	} {
		broken := strings.Replace(whole, change[0], change[1], 1)
		require.NotEqual(t, whole, broken, what)
		assert.Contains(t, difference(t, broken).What, change[2], what)
	}
}
