{# For `partition_by` in a config: rows of one month lie together, on engines whose tables are folders of files. #}
{% macro partitioned_by_month(month) -%}{{ return(adapter.dispatch('partitioned_by_month')(month)) }}{%- endmacro %}

{% macro default__partitioned_by_month(month) -%}{{ return(none) }}{%- endmacro %}

{% macro bigquery__partitioned_by_month(month) -%}
    {{ return({'field': month, 'data_type': 'date', 'granularity': 'month'}) }}
{%- endmacro %}

{% macro spark__partitioned_by_month(month) -%}{{ return([month]) }}{%- endmacro %}
