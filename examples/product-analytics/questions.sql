-- Events by name.
SELECT event, count(*) AS events FROM events GROUP BY 1 ORDER BY 2 DESC;

-- People by country.
SELECT properties->>'country' AS country, count(DISTINCT distinct_id) AS people, count(*) AS events
FROM events GROUP BY 1 ORDER BY 2 DESC, 1;

-- The last seven whole days.
SELECT time_bucket('1 day', time) AS day, count(*) AS events, count(DISTINCT distinct_id) AS people
FROM events
WHERE time >= date_trunc('day', now()) - interval '7 days' AND time < date_trunc('day', now())
GROUP BY 1 ORDER BY 1;

-- How far people come within an hour.
SELECT step, count(*) AS people
FROM (
  SELECT distinct_id, window_funnel('1 hour', time, event = '$pageview', event = 'Product Added',
                                    event = 'Order Completed') AS step
  FROM events
  GROUP BY 1
) AS f
GROUP BY 1 ORDER BY 1;

-- Who comes back after one, two and three weeks.
SELECT sum(r[1]) AS came, sum(r[2]) AS after_one, sum(r[3]) AS after_two, sum(r[4]) AS after_three
FROM (
  SELECT distinct_id,
    retention(time >= now() - interval '28 days' AND time < now() - interval '21 days',
              time >= now() - interval '21 days' AND time < now() - interval '14 days',
              time >= now() - interval '14 days' AND time < now() - interval '7 days',
              time >= now() - interval '7 days') AS r
  FROM events GROUP BY 1
) AS people;

-- Visits: how many, and how long half of them are.
SELECT count(*) AS visits, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_seconds
FROM (
  SELECT distinct_id, visit, extract(epoch FROM max(time) - min(time))::float8 AS seconds
  FROM (
    SELECT distinct_id, time, sessionize(time, '30 minutes') OVER (PARTITION BY distinct_id ORDER BY time) AS visit
    FROM events WHERE time >= date_trunc('day', now()) - interval '7 days'
  ) AS numbered
  GROUP BY 1, 2
) AS visits;

-- Orders by hour, with the hours that had none.
SELECT time_bucket_gapfill('1 hour', time) AS hour, coalesce(count(*), 0) AS orders,
  sum((properties->>'price')::numeric) AS revenue
FROM events
WHERE event = 'Order Completed' AND time >= date_trunc('hour', now()) - interval '6 hours' AND time < now()
GROUP BY 1 ORDER BY 1;
