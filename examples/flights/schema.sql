-- Every flight that left New York City in 2013.
CREATE TABLE flights (
  time timestamptz NOT NULL, carrier text, flight bigint, tailnum text, origin text, dest text,
  dep_time bigint, sched_dep_time bigint, dep_delay bigint, arr_time bigint, sched_arr_time bigint, arr_delay bigint,
  air_time bigint, distance bigint);
