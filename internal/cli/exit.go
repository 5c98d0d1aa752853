package cli

import (
	"errors"
	"fmt"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

// Exit codes of all commands.
const (
	// ExitOK means yes: it is well, or was done.
	ExitOK = 0
	// ExitNo means no: it is not well, or cannot be reached.
	ExitNo = 1
	// ExitUsage means that the command cannot be understood, or the cluster refused or could not be asked.
	ExitUsage = 2
	// ExitNotFound means that the Microservice does not exist.
	ExitNotFound = 3
	// ExitTimeout means that the time is over.
	ExitTimeout = 4
)

// exitError ends a command with a code. Its message is empty where the output has said everything.
type exitError struct {
	code    int
	message string
}

func (e *exitError) Error() string { return e.message }

// exit returns an error that ends the command with a code and nothing more to say.
func exit(code int) error {
	return &exitError{code: code}
}

// failed returns an error that ends the command with a code and a message.
func failed(code int, format string, args ...any) error {
	return &exitError{code: code, message: fmt.Sprintf(format, args...)}
}

// code returns the exit code for an error.
func code(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	if inspect.IsNotFound(err) {
		return ExitNotFound
	}
	return ExitUsage
}
