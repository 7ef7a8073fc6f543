package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// maxPrepared is how many statements an instance may prepare, and maxPreparedBytes how
// long they may be together.
const (
	maxPrepared      = 256
	maxPreparedBytes = 1 << 20
)

// Options say what a guest is given. The zero value is no database.
type Options struct {
	// Databases are those of the component's links, by the names of these. Nobody may
	// change the map: instances share it.
	Databases map[string]postgres.Database
	// Link returns the name of the link that the guest has chosen. If nil, it is the
	// default one.
	Link func() string
}

// State is what an instance has of wasmcloud:postgres.
type State struct {
	opts     Options
	prepared []statement // a token is the index of one
	bytes    int         // of all of them
}

// statement is what was prepared, and where.
type statement struct {
	db  postgres.Database
	sql string
}

// NewState returns the state of an instance.
func NewState(opts Options) *State { return &State{opts: opts} }

var errNoDatabase = fmt.Errorf("%w: the component has no such link to a database", lattice.ErrDenied)

func (s *State) database() (postgres.Database, error) {
	name := string(lattice.DefaultLink)
	if s.opts.Link != nil {
		name = s.opts.Link()
	}
	if db := s.opts.Databases[name]; db != nil {
		return db, nil
	}
	return nil, errNoDatabase
}

// queryError returns an error as guests have it.
func queryError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*QueryError](err); ok {
		return e
	}
	e, ok := errors.AsType[*postgres.Error](err)
	switch {
	case ok && e.Parameters():
		return &QueryError{Tag: QueryErrorInvalidParams, InvalidParams: e.Error()}
	case ok && e.Statement():
		return &QueryError{Tag: QueryErrorInvalidQuery, InvalidQuery: e.Error()}
	}
	return &QueryError{Tag: QueryErrorUnexpected, Unexpected: err.Error()}
}

// encodeAll returns parameters as PostgreSQL reads them.
func encodeAll(values []PgValue) ([]postgres.Param, error) {
	params := make([]postgres.Param, len(values))
	for i := range values {
		var err error
		if params[i], err = encode(&values[i]); err != nil {
			return nil, &QueryError{Tag: QueryErrorInvalidParams, InvalidParams: fmt.Sprintf("parameter $%d: %v", i+1, err)}
		}
	}
	return params, nil
}

// Query implements query.query.
func (s *State) Query(c *component.Call, query string, values []PgValue) ([]ResultRow, error) {
	db, err := s.database()
	if err != nil {
		return nil, queryError(err)
	}
	params, err := encodeAll(values)
	if err != nil {
		return nil, err
	}
	var rows []ResultRow
	err = db.Query(c.Context(), query, params, func(columns []postgres.Column, values [][]byte) error {
		row := make(ResultRow, len(values))
		for i := range values {
			row[i].ColumnName = columns[i].Name
			var err error
			if row[i].Value, err = decode(&columns[i], values[i]); err != nil {
				return fmt.Errorf("column %q: %w", columns[i].Name, err)
			}
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, queryError(err)
	}
	return rows, nil
}

// QueryBatch implements query.query-batch.
func (s *State) QueryBatch(c *component.Call, query string) error {
	db, err := s.database()
	if err == nil {
		err = db.Batch(c.Context(), query)
	}
	return queryError(err)
}

// Prepare implements prepared.prepare.
func (s *State) Prepare(c *component.Call, sql string) (PreparedStatementToken, error) {
	token, err := s.prepare(c.Context(), sql)
	if err != nil {
		return "", &StatementPrepareError{Tag: StatementPrepareErrorUnexpected, Unexpected: err.Error()}
	}
	return token, nil
}

func (s *State) prepare(ctx context.Context, sql string) (PreparedStatementToken, error) {
	db, err := s.database()
	if err != nil {
		return "", err
	}
	if len(s.prepared) == maxPrepared || len(sql) > maxPreparedBytes-s.bytes {
		return "", fmt.Errorf("%w: an instance prepares at most %d statements of %d bytes together", lattice.ErrExhausted, maxPrepared, maxPreparedBytes)
	}
	if err := db.Check(ctx, sql); err != nil {
		return "", err
	}
	s.prepared = append(s.prepared, statement{db, sql})
	s.bytes += len(sql)
	return strconv.Itoa(len(s.prepared) - 1), nil
}

// Exec implements prepared.exec.
func (s *State) Exec(c *component.Call, token PreparedStatementToken, values []PgValue) (uint64, error) {
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(s.prepared) {
		return 0, &PreparedStatementExecError{Tag: PreparedStatementExecErrorUnknownPreparedQuery}
	}
	params, err := encodeAll(values)
	var n uint64
	if err == nil {
		n, err = s.prepared[i].db.Exec(c.Context(), s.prepared[i].sql, params)
	}
	if err == nil {
		return n, nil
	}
	e := &PreparedStatementExecError{Tag: PreparedStatementExecErrorUnexpected, Unexpected: err.Error()}
	if q, ok := errors.AsType[*QueryError](queryError(err)); ok && q.Tag != QueryErrorUnexpected {
		e = &PreparedStatementExecError{Tag: PreparedStatementExecErrorQueryError, QueryError: *q}
	}
	return 0, e
}
