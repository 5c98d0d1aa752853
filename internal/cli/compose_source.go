package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
)

// composeSource says which Compose project is read.
type composeSource struct {
	files, profiles, environment []string
}

func (s *composeSource) add(c *cobra.Command) {
	c.Flags().StringSliceVarP(&s.files, "filename", "f", nil, "The Compose files, later ones over earlier ones; - is standard input.")
	c.Flags().StringSliceVar(&s.profiles, "profile", nil, "Take the services of these profiles, and those without one. Default: all services.")
	c.Flags().StringSliceVar(&s.environment, "env-file", nil, "Take variables from these files instead of .env.")
}

// load loads the project as docker compose does, with the variables of the process and of .env. It returns what the loader warns of.
func (s *composeSource) load(ctx context.Context) (*types.Project, []string, error) {
	warnings := catchWarnings()
	defer warnings.release()
	profiles := s.profiles
	if len(profiles) == 0 {
		profiles = []string{"*"}
	}
	options, err := cli.NewProjectOptions(s.files, cli.WithOsEnv, cli.WithEnvFiles(s.environment...), cli.WithDotEnv, cli.WithConfigFileEnv,
		cli.WithDefaultConfigPath, cli.WithEnvFiles(s.environment...), cli.WithDotEnv, cli.WithProfiles(profiles))
	if err != nil {
		return nil, nil, err
	}
	project, err := options.LoadProject(ctx)
	return project, warnings.texts, err
}

// isFile reports whether a path is a file. A path that does not exist here is judged by its name.
func isFile(path string) bool {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().IsRegular()
	}
	extension := filepath.Ext(path)
	return extension != "" && extension != ".d" && extension != filepath.Base(path)
}

// caughtWarnings are what a library logs, which must not get into the user's answer.
type caughtWarnings struct {
	texts   []string
	writer  io.Writer
	earlier logrus.LevelHooks
}

func catchWarnings() *caughtWarnings {
	logger := logrus.StandardLogger()
	w := &caughtWarnings{writer: logger.Out}
	hooks := logrus.LevelHooks{}
	hooks.Add(w)
	w.earlier = logger.ReplaceHooks(hooks)
	logger.SetOutput(io.Discard)
	return w
}

func (w *caughtWarnings) release() {
	logrus.StandardLogger().ReplaceHooks(w.earlier)
	logrus.SetOutput(w.writer)
}

// Levels implements logrus.Hook.
func (w *caughtWarnings) Levels() []logrus.Level {
	return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel}
}

// Fire implements logrus.Hook. That the attribute version is obsolete has no consequences.
func (w *caughtWarnings) Fire(entry *logrus.Entry) error {
	if !strings.Contains(entry.Message, "attribute `version` is obsolete") {
		w.texts = append(w.texts, entry.Message)
	}
	return nil
}
