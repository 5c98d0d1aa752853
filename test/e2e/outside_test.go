package e2e

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// outsideAddress is of the networks that are reserved for tests: https://www.rfc-editor.org/rfc/rfc2544
const outsideAddress = "198.18.0.2"

// startOutside starts a host that is not in the cluster: a process of this machine with a network of its own, which ends with it. It
// returns nil where the cluster's node is not this machine.
func startOutside(ctx context.Context) *peer {
	if !*ownNode {
		return nil
	}
	server := exec.Command("unshare", "--net", appProgram, "serve", "--udp=8081")
	Expect(server.Start()).To(Succeed())
	DeferCleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // it was killed
	})
	pid := strconv.Itoa(server.Process.Pid)
	Eventually(ctx, func() (string, error) { return os.Readlink("/proc/" + pid + "/ns/net") }).ShouldNot(Equal(ownNetwork()))
	inside := "nsenter --target " + pid + " --net "
	for _, line := range []string{
		"ip link add e2e-outside type veth peer name eth0 netns " + pid,
		"ip address add 198.18.0.1/24 dev e2e-outside",
		"ip link set e2e-outside up",
		inside + "ip address add " + outsideAddress + "/24 dev eth0",
		inside + "ip link set eth0 up",
		inside + "ip route add default via 198.18.0.1",
	} {
		words := strings.Fields(line)
		out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s: %s", line, out)
	}
	return &peer{name: "outside", address: outsideAddress, enter: append(strings.Fields(inside), appProgram)}
}

// ownNetwork names the network namespace of this process.
func ownNetwork() string {
	name, err := os.Readlink("/proc/self/ns/net")
	Expect(err).NotTo(HaveOccurred())
	return name
}
