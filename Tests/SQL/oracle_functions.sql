-- What Apus has and PostgreSQL has not, in PostgreSQL's terms, so that it can be the oracle for these too.
-- TimescaleDB's origin for widths below a month is Monday 2000-01-03, and 2000-01-01 for months.
CREATE FUNCTION time_bucket(width interval, t timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN extract(month FROM width) + 12 * extract(year FROM width) = 0
      THEN date_bin(width, t, timestamptz '2000-01-03 00:00:00+00')
    ELSE (timestamp '2000-01-01' + make_interval(months =>
      (floor(((extract(year FROM t AT TIME ZONE 'UTC') - 2000) * 12 + extract(month FROM t AT TIME ZONE 'UTC') - 1)
        / (extract(month FROM width) + 12 * extract(year FROM width)))
        * (extract(month FROM width) + 12 * extract(year FROM width)))::int)) AT TIME ZONE 'UTC'
  END
$$;
CREATE FUNCTION time_bucket(width interval, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT time_bucket(width, t AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
$$;
CREATE FUNCTION time_bucket(width interval, t date) RETURNS date LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT time_bucket(width, t::timestamp)::date
$$;
CREATE FUNCTION time_bucket(width bigint, t bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT floor(t::numeric / width)::bigint * width
$$;

-- Exact here; the files use it only where an estimate is exact too (few values).
CREATE FUNCTION approx_count_step(state jsonb, value anyelement) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IS NULL THEN state ELSE state || jsonb_build_object(value::text, 1) END
$$;
CREATE FUNCTION approx_count_final(state jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT count(*) FROM jsonb_object_keys(state)
$$;
CREATE AGGREGATE approx_count_distinct(anyelement) (
  SFUNC = approx_count_step, STYPE = jsonb, FINALFUNC = approx_count_final, INITCOND = '{}');

-- The table that a new data directory holds.
CREATE TABLE events (
  time timestamptz NOT NULL, event text NOT NULL,
  distinct_id text GENERATED ALWAYS AS (coalesce(user_id, anonymous_id)) STORED,
  user_id text, anonymous_id text, session_id text, event_id text, sent_at timestamptz, received_at timestamptz,
  properties jsonb);
