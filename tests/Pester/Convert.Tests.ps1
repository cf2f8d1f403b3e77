BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Folder = New-Item -ItemType Directory (Join-Path $TestDrive 'shop')
    $script:File = Join-Path $Folder 'compose.yaml'
    Set-Content $File @'
services:
  web: { image: "nginx:1.27", ports: ["8080:80"], depends_on: [db], logging: { driver: none } }
  db: { image: redis, environment: { REDIS_PASSWORD: hunter2 } }
'@
}

Describe 'A docker compose file' {
    It 'is a stack of instances of OCI images' {
        $stack = Import-IncusStack $File -WarningAction SilentlyContinue
        $stack.Instances['web'].Image | Should -Be 'docker.io:library/nginx:1.27'
    }

    It 'is written as a stack file, with what could not be kept and without secrets' {
        $text = ConvertFrom-DockerCompose $File -WarningVariable warnings -WarningAction SilentlyContinue
        $text | Should -BeOfType string
        $text | Should -Match '(?m)^# .*`logging` is passed over'
        $text | Should -Match '(?m)^    image: docker.io:library/redis$'
        $text | Should -Not -Match 'hunter2'
        $warnings | Should -HaveCount 2
    }

    It 'says the same once it is converted' {
        $converted = Join-Path $Folder 'stack.yaml'
        ConvertFrom-DockerCompose -LiteralPath $File -OutFile $converted -WarningAction SilentlyContinue
        $env:DB_REDIS_PASSWORD = 'hunter2'
        try { $stack = Import-IncusStack $converted } finally { $env:DB_REDIS_PASSWORD = $null }
        $stack.Instances['db'].Environment['REDIS_PASSWORD'] | Should -Be 'hunter2'
        $stack.Instances['web'].Ports.HostPort | Should -Be 8080
    }

    It 'is not written with -WhatIf' {
        $to = Join-Path $Folder 'other.yaml'
        ConvertFrom-DockerCompose $File -OutFile $to -WhatIf -WarningAction SilentlyContinue
        $to | Should -Not -Exist
    }

    It 'is an object where that is wanted' {
        $converted = ConvertFrom-DockerCompose $File -AsObject -WarningAction SilentlyContinue
        $converted.Stack.Name | Should -Be 'shop'
        $converted.Variables.Name | Should -Be 'DB_REDIS_PASSWORD'
        $converted.Notes.Id | Should -Be 'IgnoredWord'
    }

    It 'is not converted where something else would be made' {
        $wrong = Join-Path $Folder 'wrong.yaml'
        Set-Content $wrong 'services: { web: { image: nginx, pid: host } }'
        { ConvertFrom-DockerCompose $wrong -ErrorAction Stop } | Should -Throw '*processes of its own*'
    }
}

Describe 'A file of another tool' {
    It 'is a stack, and written as a stack file, by what its words mean' {
        $clinic = Join-Path $Folder 'incus-compose.yaml'
        Set-Content $clinic @'
version: "1.0"
containers:
  web: { image: debian/12, cpu: { limit: "2" }, volumes: [{ source: data, target: /srv }] }
'@
        $stack = Import-IncusStack $clinic
        $stack.Instances['web'].Image | Should -Be 'images:debian/12'
        $stack.Volumes.Keys | Should -Be 'data'
        ConvertFrom-DockerCompose $clinic | Should -Match '(?m)^    cpu: 2$'
    }

    It 'may be a preseed of Incus, of which nothing is dropped without a word' {
        $preseed = Join-Path $Folder 'preseed.yaml'
        Set-Content $preseed @'
config: { core.https_address: ":8443" }
profiles:
- { name: small, config: { limits.memory: 256MiB } }
'@
        $text = & (Get-Alias ConvertTo-IncusStack) $preseed -WarningVariable warnings -WarningAction SilentlyContinue
        $text | Should -Match '(?m)^      limits.memory: 256MiB$'
        $warnings | Should -Match 'settings of the server'
    }

    It 'is refused where it says what no stack can do' {
        $join = Join-Path $Folder 'join.yaml'
        Set-Content $join 'cluster: { server_address: "10.0.0.2:8443", cluster_token: abc }'
        { ConvertFrom-DockerCompose $join -ErrorAction Stop } | Should -Throw '*join*'
    }
}
