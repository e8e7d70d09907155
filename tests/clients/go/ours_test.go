// SPDX-License-Identifier: Apache-2.0

// Package clients: Go's clients against the cluster that tests/clients/run started.
package clients

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

const deadline = 60 * time.Second

var seeds = strings.Split(os.Getenv("BOOTSTRAP"), ",")

// name is one that nobody else uses: topics and groups outlive a test.
func name(t *testing.T, what string) string {
	t.Helper()
	return fmt.Sprintf("go-%s-%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), what,
		time.Now().UnixNano())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await polls until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// hand kills, stops or starts a broker: "kill9", "stop" or "start".
func hand(t *testing.T, verb string, broker int32) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+os.Getenv("CONTROL_PORT"))
	must(t, err)
	defer c.Close()
	fmt.Fprintf(c, "%s %d\n", verb, broker)
	answer, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || answer != "done\n" {
		t.Fatalf("%s broker %d: %q %v", verb, broker, answer, err)
	}
}
