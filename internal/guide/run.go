package guide

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// confession is in the output of a command that says that it fails.
var confession = regexp.MustCompile(`(?i)\berror\b|exit code [1-9]`)

// Runner follows guides.
type Runner struct {
	Dir string   // where each guide starts
	Env []string // added to this process's
	// Rename holds pairs: what this run calls a thing, and what guides call it.
	Rename []string
	// Log is called with each block before it is run.
	Log func(format string, args ...any)
}

// Difference is where a guide is not true.
type Difference struct {
	File     string
	Line     int
	What     string
	Expected string
	Actual   string
}

// Error says where the guide is not true, and both sides.
func (d *Difference) Error() string {
	return fmt.Sprintf("%s:%d: %s\n--- the guide says\n%s\n--- but it was\n%s", d.File, d.Line, d.What,
		strings.TrimRight(d.Expected, "\n"), strings.TrimRight(d.Actual, "\n"))
}

// Follow runs a guide to its end, or to the first *Difference, since what comes after it rests on
// it.
func (r Runner) Follow(ctx context.Context, g *Guide) error {
	return r.run(ctx, g, g.check)
}

// Record runs a guide to its end and returns its source with what was printed in place of what it
// shows. Lines that hold the sign for what is left out stay as they are; an output that has changed
// beyond its types is printed whole. After an error, what was printed until then is in it.
func (r Runner) Record(ctx context.Context, g *Guide) ([]byte, error) {
	outputs := map[int]string{}
	err := r.run(ctx, g, func(step Step, actual []string) error {
		outputs[step.Output.start] = refresh(lines(step.Output.Text), actual)
		return nil
	})
	var recorded strings.Builder
	end := 0
	for _, step := range g.Steps {
		if step.Output == nil {
			continue
		}
		if text, ran := outputs[step.Output.start]; ran {
			recorded.Write(g.Source[end:step.Output.start])
			recorded.WriteString(text)
			end = step.Output.stop
		}
	}
	recorded.Write(g.Source[end:])
	return []byte(recorded.String()), err
}

// run runs the steps and hands what each printed to printed, where the guide shows it.
func (r Runner) run(ctx context.Context, g *Guide, printed func(Step, []string) error) error {
	s, err := start(ctx, r.Dir, r.Env)
	if err != nil {
		return err
	}
	defer s.close()
	rename := strings.NewReplacer(r.Rename...)
	for _, step := range g.Steps {
		r.announce(g, step)
		result, err := s.run(step.Commands.Text, step.DryRun)
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", g.File, step.Commands.Line, err)
		}
		actual := rename.Replace(result.output)
		for _, failure := range result.failed {
			if !step.Fails || step.Output == nil || !confession.MatchString(failure.printed) {
				return g.failed(step, failure, actual)
			}
		}
		if step.Fails && len(result.failed) == 0 {
			return &Difference{g.File, step.Commands.Line, "no command fails, and the block says that one does", step.Commands.Text, actual}
		}
		if step.Output == nil || step.DryRun {
			continue
		}
		if err := printed(step, lines(actual)); err != nil {
			return err
		}
	}
	return nil
}

func (r Runner) announce(g *Guide, step Step) {
	if r.Log == nil {
		return
	}
	first, _, more := strings.Cut(strings.TrimSpace(step.Commands.Text), "\n")
	if more {
		first += " …"
	}
	how := ""
	if step.DryRun {
		how = "dry run: "
	}
	r.Log("%s:%d: %s%s", g.File, step.Commands.Line, how, first)
}

// failed describes a command that failed without the guide saying so.
func (g *Guide) failed(step Step, failure failure, actual string) error {
	expected := "(nothing)"
	if step.Output != nil {
		expected = step.Output.Text
	}
	return &Difference{g.File, step.Commands.Line + failure.line - 1, "a command fails: " + failure.command, expected, actual}
}

// check compares what a step printed with what the guide shows.
func (g *Guide) check(step Step, actual []string) error {
	expected := lines(step.Output.Text)
	_, same, first := compare(expected, actual)
	if same {
		return nil
	}
	return &Difference{g.File, step.Output.Line + min(first, len(expected)-1), "the output differs", step.Output.Text, strings.Join(actual, "\n")}
}

// refresh returns the lines that a guide is to show from now on.
func refresh(expected, actual []string) string {
	shown := actual
	if found, same, _ := compare(expected, actual); same {
		shown = nil
		for e, a := range found {
			if strings.Contains(expected[e], omission) {
				shown = append(shown, expected[e])
			} else {
				shown = append(shown, actual[a])
			}
		}
	}
	return strings.Join(shown, "\n") + "\n"
}
