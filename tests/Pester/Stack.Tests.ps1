BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
    $script:Bridge = Get-BridgeName 's'
    $script:Shop = @"
name: shop
networks:
  $($Bridge): { config: { ipv4.address: $(Get-FreeSubnet 0).1/24, ipv6.address: none } }
volumes:
  data: {}
profiles:
  small: { config: { limits.memory: 64MiB } }
instances:
  db:
    image: busybox
    profiles: [default, small]
    networks: [$Bridge]
    volumes: ["data:/data"]
  web:
    image: busybox
    networks: [$Bridge]
    depends_on: [db]
    config: { user.note: first }
"@
    $script:Text = $Shop -replace 'user.note: first', 'user.note: second'
}

AfterAll { Clear-Lab }

Describe 'A stack through the pipeline' {
    BeforeAll { $script:File = Write-StackFile $Shop }

    It 'is read without a server' {
        $stack = Import-IncusStack $File
        $stack | Should -BeOfType IncusCompose.Definition.StackDefinition
        $stack.Instances.Keys | Should -Be 'db', 'web'
    }

    It 'takes a name from the command line' {
        (Import-IncusStack $File -Name other).Name | Should -Be 'other'
    }

    It 'is found in the current directory or a parent folder' {
        $inner = New-Item -ItemType Directory (Join-Path (Split-Path $File) 'inner/most')
        Push-Location $inner
        try { (Import-IncusStack).Name | Should -Be 'shop' } finally { Pop-Location }
    }

    It 'comes from files that are piped, each a stack of its own' {
        $folder = Split-Path $File
        Set-Content "$folder/second.yaml" "name: second`ninstances:`n  x: { image: busybox }"
        (Get-ChildItem $folder -Filter *.yaml | Import-IncusStack).Name | Should -Be 'second', 'shop'
        Set-Content -LiteralPath "$folder/[odd].yaml" "name: odd`ninstances:`n  x: { image: busybox }"
        (Get-Item -LiteralPath "$folder/[odd].yaml" | Import-IncusStack).Name | Should -Be 'odd'
        (Import-IncusStack -LiteralPath "$folder/[odd].yaml").Name | Should -Be 'odd'
    }

    It 'is compared: everything would be created, nothing is' {
        $before = Get-ServerState
        $plan = Import-IncusStack $File | Compare-IncusStack
        $plan | Should -BeOfType IncusCompose.Planning.StackPlan
        $plan.Changes.Action | Should -Be (@('Create') * 5)
        $plan.Changes.Id | ForEach-Object ToString | Should -Be "network/$Bridge", 'volume/default/data', 'profile/small', 'instance/db', 'instance/web'
        Get-ServerState | Should -Be $before
    }

    It 'keeps what it says of its project where the command line names another one' {
        $stack = Import-IncusStack (Write-StackFile "name: moved`nproject: { name: there, create: true, config: { features.images: false } }`ninstances: { m: { image: busybox } }")
        $change = ($stack | Compare-IncusStack -Project elsewhere).Changes | Where-Object Kind -EQ project
        $change.Name | Should -Be 'elsewhere'
        $change.Action | Should -Be 'Create'
        $change.Properties.Path | Should -Contain 'config.features.images'
    }

    It 'comes up from a plan, and results stream as typed objects' {
        $results = Compare-IncusStack $File | Invoke-IncusCompose
        $results | Should -BeOfType IncusCompose.Applying.ResourceResult
        $results.Outcome | Sort-Object -Unique | Should -Be 'Done'
        $results | Should -HaveCount 5
        (Get-Api '/1.0/instances?recursion=1').status | Should -Be 'Running', 'Running'
        (Get-Api "/1.0/networks/$Bridge").config.'ipv4.address' | Should -Be "$(Get-FreeSubnet 0).1/24"
        (Get-Api '/1.0/instances/db').devices.'eth0'.network | Should -Be $Bridge
    }

    It 'is as it should be the second time' {
        $before = Get-ServerState
        $again = Invoke-IncusCompose $File
        $again.Outcome | Sort-Object -Unique | Should -Be 'Unchanged'
        $again | Should -HaveCount 5
        (Compare-IncusStack $File).HasChanges | Should -BeFalse
        Get-ServerState | Should -Be $before
    }

    It 'is listed, whole or by pattern' {
        $stack = Get-IncusStack sh*
        $stack | Should -BeOfType IncusCompose.StackSummary
        $stack.Name | Should -Be 'shop'
        $stack.Instances | Should -Be 'db', 'web'
        $stack.Running | Should -Be 2
        $stack.Server | Should -Be 'local'
        (Get-IncusStack).Name | Should -Be 'shop'
        (Get-IncusStack -AllProjects).Project | Should -Be 'default'
        (Get-IncusInstance -Stack sh*).Name | Should -Be 'db', 'web'
        Get-IncusInstance -Stack nothing* | Should -BeNullOrEmpty
    }

    It 'changes in place, by exactly the plan that was looked at' {
        $changed = Write-StackFile $Text
        $plan = Compare-IncusStack $changed
        $plan.Changes | Should -HaveCount 1
        $plan.Changes[0].Properties.Path | Should -Be 'config.user.note'
        $plan.Changes[0].Properties[0].Old, $plan.Changes[0].Properties[0].New | Should -Be 'first', 'second'
        $results = $plan | Invoke-IncusCompose
        ($results | Where-Object Action -EQ Update).Outcome | Should -Be 'Done'
        (Get-Api '/1.0/instances/web').config.'user.note' | Should -Be 'second'
    }

    It 'refuses a plan that the server has left behind' {
        $plan = Compare-IncusStack $File
        $plan.HasChanges | Should -BeTrue
        incus config set web user.note=third
        $before = Get-ServerState
        $plan | Invoke-IncusCompose -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'PlanOutdated,IncusCompose.PowerShell.Commands.InvokeIncusComposeCommand'
        $problems[0].TargetObject | Should -Be $plan
        Get-ServerState | Should -Be $before
    }

    It 'repairs drift' {
        $plan = Compare-IncusStack $File
        $plan.Changes.Properties.Difference | Should -Contain 'Changed'
        $null = Invoke-IncusCompose $File
        (Get-Api '/1.0/instances/web').config.'user.note' | Should -Be 'first'
    }

    It 'lists what is no longer in the file, and removes it only with -Prune' {
        $smaller = Write-StackFile (($Shop -split "`n  web:")[0])
        $null = Invoke-IncusCompose $smaller -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -Match 'instance/web is no longer in the file'
        (Get-Api '/1.0/instances?recursion=1').name | Should -Be 'db', 'web'
        (Compare-IncusStack $smaller -Prune).Changes.Action | Should -Be 'Delete'
        $null = Invoke-IncusCompose $smaller -Prune
        (Get-Api '/1.0/instances?recursion=1').name | Should -Be 'db'
    }

    It 'goes away, and its volume stays' {
        incus exec db -- sh -c 'echo kept > /data/file'
        $results = Get-IncusStack shop | Remove-IncusStack -Confirm:$false
        ($results | Where-Object Action -EQ Delete).Kind | Sort-Object -Unique | Should -Be 'instance', 'network', 'profile'
        ($results | Where-Object Action -EQ None).Kind | Should -Be 'volume'
        $results.Outcome | Sort-Object -Unique | Should -Be 'Unchanged', 'Done'
        @(Get-Api '/1.0/instances?recursion=1') | Should -BeNullOrEmpty
        (Get-Api '/1.0/networks?recursion=1').name | Should -Not -Contain $Bridge
        (Get-Api '/1.0/storage-pools/default/volumes/custom?recursion=1').name | Should -Be 'data'
    }

    It 'finds its volume when it comes up again' {
        $null = Invoke-IncusCompose $File
        incus exec db -- cat /data/file | Should -Be 'kept'
    }

    It 'goes away by its file, with its volume when told so' {
        $null = Remove-IncusStack -Path $File -RemoveVolumes -Confirm:$false
        @(Get-Api '/1.0/storage-pools/default/volumes/custom?recursion=1') | Should -BeNullOrEmpty
        @(Get-Api '/1.0/instances?recursion=1') | Should -BeNullOrEmpty
    }

    It 'may be gone already' {
        Remove-IncusStack shop -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $warnings | Should -Match "nothing of stack 'shop'"
        Import-IncusStack $File | Remove-IncusStack -Confirm:$false -WarningAction SilentlyContinue | Should -BeNullOrEmpty
    }
}

Describe 'What is wrong with a stack file' {
    It 'is told as objects, all of it at once' {
        $file = Write-StackFile "name: bad`ninstances:`n  web: { imag: busybox, memory: 12Q }"
        $found = Test-IncusStack $file
        $found | Should -BeOfType IncusCompose.Diagnostics.Diagnostic
        $found.Id | Should -Be 'UnknownKey', 'BadSize'
        $found[0].Location.Line | Should -Be 3
    }

    It 'is a plain no with -Quiet, as is its absence a yes' {
        Test-IncusStack (Write-StackFile "instances: { web: { imag: x } }") -Quiet | Should -BeFalse
        Test-IncusStack (Write-StackFile "name: fine`ninstances: { web: { image: busybox } }") -Quiet | Should -BeTrue
        Test-IncusStack (Write-StackFile "name: fine`ninstances: { web: { image: busybox } }") | Should -BeNullOrEmpty
    }

    It 'is one error that holds it all, where the file is needed' {
        $file = Write-StackFile "name: bad`ninstances:`n  web: { imag: busybox, memory: 12Q }"
        Import-IncusStack $file -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems | Should -HaveCount 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'StackFileInvalid,IncusCompose.PowerShell.Commands.ImportIncusStackCommand'
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $problems[0].TargetObject | Should -Be $file
        $problems[0].Exception.Diagnostics.Id | Should -Be 'UnknownKey', 'BadSize'
        Compare-IncusStack $file -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Invoke-IncusCompose $file -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }
}
