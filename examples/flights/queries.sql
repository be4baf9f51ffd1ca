-- name: how many flights, over which time
SELECT count(*), min(time), max(time) FROM flights;

-- name: flights and delays by carrier
SELECT carrier, count(*) AS flights, count(arr_delay) AS arrived, round(avg(dep_delay::float8)) AS mean_delay, max(dep_delay) AS worst
FROM flights GROUP BY carrier ORDER BY flights DESC, carrier;

-- name: flights per month and origin
SELECT date_trunc('month', time) AS month, origin, count(*) FROM flights GROUP BY month, origin ORDER BY month, origin;

-- name: the twenty busiest destinations
SELECT dest, count(*) AS flights, count(DISTINCT carrier) AS carriers, sum(distance) AS miles
FROM flights GROUP BY dest ORDER BY flights DESC, dest LIMIT 20;

-- name: cancelled flights by month
SELECT date_trunc('month', time) AS month, count(*) FILTER (WHERE dep_time IS NULL) AS cancelled, count(*) AS flights
FROM flights GROUP BY month ORDER BY month;

-- name: how late is late
SELECT CASE WHEN dep_delay IS NULL THEN 'cancelled' WHEN dep_delay <= 0 THEN 'on time' WHEN dep_delay <= 15 THEN 'up to 15 min'
  WHEN dep_delay <= 60 THEN 'up to 1 h' ELSE 'more' END AS delay, count(*) FROM flights GROUP BY delay ORDER BY delay;

-- name: the worst days
SELECT date_trunc('day', time) AS day, count(*) AS flights, sum(dep_delay) AS minutes
FROM flights WHERE dep_delay > 0 GROUP BY day HAVING sum(dep_delay) > 40000 ORDER BY minutes DESC, day;

-- name: planes that flew most, and where to
SELECT tailnum, count(*) AS flights, count(DISTINCT dest) AS destinations, sum(air_time) AS minutes
FROM flights WHERE tailnum IS NOT NULL AND air_time IS NOT NULL GROUP BY tailnum ORDER BY flights DESC, tailnum LIMIT 15;

-- name: routes from JFK to airports that begin with S, in summer
SELECT origin || '-' || dest AS route, count(*) AS flights, min(air_time) AS fastest, max(air_time) AS slowest
FROM flights WHERE origin = 'JFK' AND dest LIKE 'S%' AND time >= '2013-06-01' AND time < '2013-09-01'
GROUP BY route ORDER BY flights DESC, route;

-- name: hours of the day with more than 20,000 departures
SELECT hour, sum(flights) AS flights, max(flights) AS busiest FROM (
  SELECT sched_dep_time / 100 AS hour, date_trunc('day', time) AS day, count(*) AS flights FROM flights GROUP BY hour, day) AS s
GROUP BY hour HAVING sum(flights) > 20000 ORDER BY hour;
