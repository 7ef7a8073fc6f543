package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func registryCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Log in to OCI registries, and out of them",
		Long: "Log in to OCI registries, and out of them. Credentials are kept where docker keeps its\n" +
			"own, or in $REGISTRY_AUTH_FILE; those of docker and podman are used as well, and so are\n" +
			"their credential helpers, the mirrors of containers-registries.conf, and proxies of the\n" +
			"environment.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(registryLoginCommand(env), registryLogoutCommand(env))
	return cmd
}

func oneRegistry(_ *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" || strings.Contains(args[0], "/") {
		return &usageError{errors.New("name one registry, as in ghcr.io")}
	}
	return nil
}

// maxPassword bounds what is read from standard input.
const maxPassword = 16 << 10

func registryLoginCommand(env *Env) *cobra.Command {
	var user string
	var stdin bool
	cmd := &cobra.Command{
		Use:     "login [flags] REGISTRY",
		Short:   "Check credentials with a registry, and keep them",
		Example: "  echo $TOKEN | wattle registry login ghcr.io --username ada --password-stdin",
		Args:    oneRegistry,

		DisableFlagsInUseLine: true,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !stdin {
				return &usageError{errors.New("give the password, or token, on standard input with --password-stdin: command lines are seen by others")}
			}
			text, err := readAll(env.Stdin, maxPassword)
			if err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			password := strings.TrimRight(string(text), "\r\n")
			if password == "" {
				return &usageError{errors.New("there is no password on standard input")}
			}
			c, err := imageClient(env)
			if err != nil {
				return err
			}
			if err := c.Login(cmd.Context(), args[0], user, password); err != nil {
				return interrupted(cmd.Context(), err)
			}
			return done(env, "logged in to %s", args[0])
		},
	}
	fs := cmd.Flags()
	fs.StringVarP(&user, "username", "u", "", "the `NAME` to log in by; without one the password is a refresh token")
	fs.BoolVar(&stdin, "password-stdin", false, "read the password or token from standard input")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"username": completeNothing})
	return cmd
}

func registryLogoutCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "logout REGISTRY",
		Short: "Forget the credentials of a registry",
		Args:  oneRegistry,

		DisableFlagsInUseLine: true,

		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := imageClient(env)
			if err != nil {
				return err
			}
			if err := c.Logout(cmd.Context(), args[0]); err != nil {
				return err
			}
			return done(env, "logged out of %s", args[0])
		},
	}
}
