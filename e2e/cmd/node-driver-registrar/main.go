// Command registrar makes a CSI driver known to the kubelet of its node, for as long as it runs.
//
// It replaces Kubernetes' node-driver-registrar, whose releases cannot be required as Go modules:
// their versions are 2.x, but the module path does not end in /v2.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// registrar answers the kubelet, which looks for sockets in its folder plugins_registry and asks
// what is behind each.
type registrar struct {
	registration.UnimplementedRegistrationServer
	driver, endpoint string
}

func main() {
	r := registrar{}
	flag.StringVar(&r.driver, "driver", "", "the CSI driver's name")
	flag.StringVar(&r.endpoint, "endpoint", "", "the driver's socket, as the node sees it")
	socket := flag.String("socket", "", "the socket to listen on, in the kubelet's folder plugins_registry")
	flag.Parse()
	if err := r.serve(*socket); err != nil {
		fmt.Fprintln(os.Stderr, "registrar:", err)
		os.Exit(1)
	}
}

// serve registers the driver until the process is told to stop. Then the socket goes, and the
// kubelet forgets the driver.
func (r registrar) serve(socket string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A registrar that was killed leaves its socket.
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, r)
	context.AfterFunc(ctx, server.Stop)
	return server.Serve(listener)
}

// GetInfo names the driver.
func (r registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: r.driver, Endpoint: r.endpoint, SupportedVersions: []string{"1.0.0"},
	}, nil
}

// NotifyRegistrationStatus is told whether the kubelet accepted the driver.
func (r registrar) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		fmt.Fprintf(os.Stderr, "registrar: the kubelet does not take %s: %s\n", r.driver, status.Error)
		os.Exit(1)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
