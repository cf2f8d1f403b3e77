{% set data = config_get("cloud-init.vendor-data", config_get("user.vendor-data", "")) %}{% if data == "" %}#cloud-config
{}
{% else %}{{ data }}
{% endif %}
