//go:build !linux

package apiserver

import "syscall"

func endWithUs() *syscall.SysProcAttr { return nil }
