// Package docslint compares what the guides say with what there is: the names of objects and
// values, the flags of commands, the tests, the files and the lines that programs log.
package docslint
