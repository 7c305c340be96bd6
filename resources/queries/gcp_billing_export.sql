-- Pilotlight: what Cloud Run and Cloud Functions were billed, in USD, by day, SKU and region. Works on the standard and on the detailed
-- export. Partitions hold the day of export, which is never before the day of use, so the lower bound leaves nothing out.
SELECT
  FORMAT_DATE('%F', DATE(usage_start_time)) AS day,
  service.id AS service_id,
  sku.id AS sku_id,
  sku.description AS sku,
  IFNULL(location.region, '') AS region,
  usage.pricing_unit AS unit,
  SUM(usage.amount_in_pricing_units) AS amount,
  CAST(SUM(CAST(cost AS NUMERIC) / CAST(currency_conversion_rate AS NUMERIC)) AS STRING) AS cost_usd,
  CAST(SUM(CAST(IFNULL((SELECT SUM(credit.amount) FROM UNNEST(credits) AS credit), 0) AS NUMERIC)
       / CAST(currency_conversion_rate AS NUMERIC)) AS STRING) AS credits_usd
FROM `{table}`
WHERE _PARTITIONTIME >= TIMESTAMP_TRUNC(@from, DAY)
  AND usage_start_time >= @from
  AND usage_start_time < @to
  AND project.id IN UNNEST(@projects)
  AND service.id IN ('152E-C115-5142', '29E7-DA93-CA13')
GROUP BY day, service_id, sku_id, sku, region, unit
ORDER BY day, service_id, sku_id, region
