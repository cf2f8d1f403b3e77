{% set config = config_get("cloud-init.network-config", config_get("user.network-config", "")) %}{% if config == "" %}version: 1
config:
- type: physical
  name: eth0
  subnets:
  - type: dhcp
{% else %}{{ config }}
{% endif %}
