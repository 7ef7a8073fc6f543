package pgpool

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/postgres"
)

// Query implements postgres.Database.
func (p *Pool) Query(ctx context.Context, sql string, params []postgres.Param, f func([]postgres.Column, [][]byte) error) error {
	return p.with(ctx, func(ctx context.Context, c *pgconn.PgConn) error {
		if err := checkParams(params); err != nil {
			return err
		}
		columns, err := p.describe(ctx, c, sql)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return p.read(ctx, cancel, c.ExecParams(ctx, sql, values(params), nil, nil, nil), columns, f)
	})
}

// describe returns the columns of a statement's result.
func (p *Pool) describe(ctx context.Context, c *pgconn.PgConn, sql string) ([]postgres.Column, error) {
	d, err := c.Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, err
	}
	columns := make([]postgres.Column, len(d.Fields))
	for i := range d.Fields {
		columns[i] = postgres.Column{Name: d.Fields[i].Name, Type: d.Fields[i].DataTypeOID}
	}
	return columns, p.extend(ctx, c, columns)
}

// firstExtension is the first identifier that is no built-in type's.
const firstExtension = 16384

// extend finds the types of extensions. Whether there are any is asked when a type is
// first seen that may be one.
func (p *Pool) extend(ctx context.Context, c *pgconn.PgConn, columns []postgres.Column) error {
	for i := range columns {
		if columns[i].Type < firstExtension {
			continue
		}
		if p.hstore.Load() == 0 {
			result := c.ExecParams(ctx, "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_depend d ON d.objid = t.oid "+
				"JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid WHERE t.typname = 'hstore' AND e.extname = 'hstore' AND d.deptype = 'e'", nil, nil, nil, nil).Read()
			if result.Err != nil {
				return result.Err
			}
			oid := uint32(1) // there is none
			if len(result.Rows) > 0 {
				if _, err := fmt.Sscanf(string(result.Rows[0][0]), "%d", &oid); err != nil {
					return &stopped{fmt.Errorf("%w: the type hstore has no identifier", lattice.ErrInternal)}
				}
			}
			p.hstore.Store(oid)
		}
		if columns[i].Type == p.hstore.Load() {
			columns[i].Extension = postgres.Hstore
		}
	}
	return nil
}

// read reads a result within the bounds. cancel ends the question.
func (p *Pool) read(ctx context.Context, cancel func(), r *pgconn.ResultReader, columns []postgres.Column, f func([]postgres.Column, [][]byte) error) error {
	rows, size := 0, 0
	for r.NextRow() {
		values := r.Values()
		rows++
		for _, v := range values {
			size += len(v)
		}
		var err error
		switch {
		case rows > p.opts.MaxRows:
			err = fmt.Errorf("%w: a result has at most %d rows", lattice.ErrExhausted, p.opts.MaxRows)
		case size > p.opts.MaxBytes:
			err = fmt.Errorf("%w: a result has at most %d bytes", lattice.ErrExhausted, p.opts.MaxBytes)
		default:
			err = f(columns, values)
		}
		if err != nil {
			cancel()
			_, _ = r.Close() // it was cancelled
			return &stopped{err}
		}
	}
	_, err := r.Close()
	return err
}

// Exec implements postgres.Database.
func (p *Pool) Exec(ctx context.Context, sql string, params []postgres.Param) (affected uint64, err error) {
	err = p.with(ctx, func(ctx context.Context, c *pgconn.PgConn) error {
		if err := checkParams(params); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := c.ExecParams(ctx, sql, values(params), nil, nil, nil)
		if err := p.read(ctx, cancel, r, nil, func([]postgres.Column, [][]byte) error { return nil }); err != nil {
			return err
		}
		tag, err := r.Close()
		affected = uint64(tag.RowsAffected()) //nolint:gosec // it counts
		return err
	})
	return affected, err
}

// Batch implements postgres.Database.
func (p *Pool) Batch(ctx context.Context, sql string) error {
	return p.with(ctx, func(ctx context.Context, c *pgconn.PgConn) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		all := c.Exec(ctx, sql)
		for all.NextResult() {
			r := all.ResultReader()
			if err := p.read(ctx, cancel, r, nil, func([]postgres.Column, [][]byte) error { return nil }); err != nil {
				_ = all.Close() // it has failed
				return err
			}
		}
		return all.Close()
	})
}

// Check implements postgres.Database.
func (p *Pool) Check(ctx context.Context, sql string) error {
	return p.with(ctx, func(ctx context.Context, c *pgconn.PgConn) error {
		_, err := c.Prepare(ctx, "", sql, nil)
		return err
	})
}
