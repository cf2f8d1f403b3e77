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
        $wrong = Join-Path $Folder 'build.yaml'
        Set-Content $wrong 'services: { web: { build: . } }'
        { ConvertFrom-DockerCompose $wrong -ErrorAction Stop } | Should -Throw '*Incus builds no images*'
    }
}
