BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    incus launch busybox hand -q -c limits.memory=64MiB -c environment.API_TOKEN=abcdef
    incus launch busybox other -q
    $script:Folder = New-Item -ItemType Directory (Join-Path $TestDrive 'export')
}

AfterAll {
    incus delete -f hand other -q
    Clear-Lab
}

Describe 'A stack file from what is live' {
    It 'is a text of single instances, in which variables stand for secrets' {
        $text = Export-IncusStack -Instance hand -WarningAction SilentlyContinue
        $text | Should -BeOfType string
        $text | Should -Match '(?m)^    memory: 64MiB$'
        $text | Should -Match '\$\{HAND_API_TOKEN:\?'
        $text | Should -Not -Match 'abcdef'
        $text | Should -Not -Match '(?m)^  other:'
    }

    It 'is told as an object with its variables and notes where that is wanted' {
        $export = Export-IncusStack -StackName all -AsObject -WarningAction SilentlyContinue
        $export.Stack.Name | Should -Be 'all'
        $export.Stack.Instances.Keys | Should -Contain 'other'
        ($export.Variables | Where-Object Name -EQ HAND_API_TOKEN).Command | Should -Be 'incus config get hand environment.API_TOKEN'
    }

    It 'is written to a file, but not with -WhatIf' {
        $path = Join-Path $Folder 'stack.yaml'
        Export-IncusStack -Instance o*r -OutFile $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        Export-IncusStack -Instance o*r -OutFile $path | Should -BeNullOrEmpty
        (Import-IncusStack $path).Instances.Keys | Should -Be 'other'
    }

    It 'says of an image that came from no server what is to be done, and what is told does it' {
        $null = Invoke-IncusCompose (Write-StackFile "name: made`nimages: { golden: { publish: base } }`ninstances: { base: { image: busybox }, app: { image: golden } }")
        $export = Export-IncusStack made -AsObject
        $note = $export.Notes | Where-Object Id -EQ ImageOfFiles
        Push-Location $Folder
        try { & ([scriptblock]::Create($note.Advice -replace '^.*?: ')) } finally { Pop-Location }
        $export.Stack.Images['golden'].File | Should -Match '^\./golden\.'
        Join-Path $Folder $export.Stack.Images['golden'].File | Should -Exist
        $null = Remove-IncusStack made -RemoveImages -Confirm:$false
    }

    It 'of an instance that is not there is an error, of a pattern nothing' {
        { Export-IncusStack -Instance nobody -ErrorAction Stop } | Should -Throw '*nobody*'
        Export-IncusStack -Instance no-* | Should -BeNullOrEmpty
    }

    It 'is adopted, with nothing but marks written, and not with -WhatIf' {
        $path = Join-Path $Folder 'stack.yaml'
        $before = Get-ServerState
        Invoke-IncusCompose $path -Adopt -WhatIf
        Get-ServerState | Should -Be $before
        { Invoke-IncusCompose $path -ErrorAction Stop } | Should -Throw '*-Adopt (--adopt)*'
        $result = Invoke-IncusCompose $path -Adopt
        $result.Action | Should -Be 'Adopt'
        (Compare-IncusStack $path).HasChanges | Should -BeFalse
    }

    It 'of an existing stack plans to nothing' {
        $path = Join-Path $Folder 'again.yaml'
        Get-IncusStack other | Export-IncusStack -OutFile $path
        (Compare-IncusStack $path).HasChanges | Should -BeFalse
        Remove-IncusStack other -Confirm:$false
        incus launch busybox other -q
    }

    It 'of a stack says its files, configs and images as they are, and secrets by variables and files to fetch' {
        $path = Write-StackFile @'
name: kept
secrets: { db: { file: ./db.secret }, key: { file: ./key.secret } }
configs: { app: { content: "port = 80\n" } }
profiles: { kept: { environment: { MODE: fast }, snapshots: "@daily", disk: { pool: default, size: 2GiB } } }
instances:
  kept:
    image: busybox
    profiles: [default, kept]
    files:
      - { target: /etc/motd, content: "hello\n", mode: 0640 }
      - { target: /etc/login, content: "app hunter22 now\n" }
      - ./app.bin:/srv/app.bin
    secrets: [db, key]
    configs: [{ source: app, target: /etc/app.conf }]
'@
        $folder = Split-Path $path
        Set-Content (Join-Path $folder 'db.secret') 'hunter22' -NoNewline
        Set-Content (Join-Path $folder 'key.secret') ([byte[]](0, 1, 255)) -AsByteStream
        Set-Content (Join-Path $folder 'app.bin') ([byte[]](0, 255, 7)) -AsByteStream
        $null = Invoke-IncusCompose $path
        try {
            $export = Export-IncusStack kept -AsObject -WarningAction SilentlyContinue
            $export.Text | Should -Not -Match 'hunter22'
            $export.Text | Should -Match '(?ms)^configs:.*app:.*port = 80'
            $export.Text | Should -Match '(?m)^      - target: /etc/motd\n        content: \|\n          hello\n        mode: ''?0640'
            $export.Text | Should -Match '(?ms)^profiles:\n  kept:\n    disk:.*    environment:\n      MODE: fast\n    snapshots:'
            $export.Variables.Name | Sort-Object | Should -Be 'KEPT_FILES_1_CONTENT', 'SECRET_DB'
            $export.Notes.Id | Sort-Object -Unique | Should -Be 'Contents', 'FileToFetch', 'SecretFile'

            # As its reader does: the variables by their commands, the files where the notes say.
            $there = New-Item -ItemType Directory (Join-Path $folder 'there')
            $lines = foreach ($variable in $export.Variables) {
                "$($variable.Name)='$((& ([scriptblock]::Create($variable.Command))) -join "`n")'"
            }
            Set-Content (Join-Path $there '.env') $lines
            Set-Content (Join-Path $there 'stack.yaml') $export.Text
            Push-Location $there
            $export.Notes.Advice -match 'incus file pull' | ForEach-Object { & ([scriptblock]::Create(($_ -replace '^.*?(?=incus )'))) }
            Pop-Location
            (Compare-IncusStack (Join-Path $there 'stack.yaml')).HasChanges | Should -BeFalse
        } finally {
            Remove-IncusStack kept -RemoveImages -Confirm:$false
        }
    }

    It 'of a stack that is not there is an error' {
        { Export-IncusStack nobodys -ErrorAction Stop } | Should -Throw '*nobodys*'
    }
}
