package apiserver

import "syscall"

// endWithUs has the kernel end a program when this process dies before it could stop it, as in a
// panic.
func endWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
