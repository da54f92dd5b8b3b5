// Package odd makes odd values of a chart from its schema: each is one value at one key that a user
// may set by mistake, or to see what happens.
package odd
