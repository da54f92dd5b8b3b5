// Package guide runs the guides in docs to the letter.
//
// A guide is Markdown. Each ```bash block is run as it stands, all of a guide in order in one shell
// session that starts in the repository's root, so that variables, functions, directories and
// background jobs of one block are there in the next. The ```text block that follows a bash block,
// before the next one, is what it prints.
//
// What differs from run to run needs no marks. Guides show what a real run printed, and both sides
// are compared by type: any UUID equals any other UUID, and so do points in time, ages and other
// durations, addresses, the random ends of pods' names, long numbers such as serials, and the
// widths of columns. What a reader need not see is left out by
//
//	…
//
// which stands for any lines on a line of its own, and for any characters within one.
//
// A command that fails fails its guide, unless the info string of its block says so, ```bash fails:
// then at least one command must fail, and the guide shows what one that fails prints, which has the
// word "error" or an exit code.
//
// A block ```bash dry-run names hosts that only the reader has. Its helm and kubectl commands are
// run with --dry-run=server, which has the API server judge all of what they would do.
package guide
