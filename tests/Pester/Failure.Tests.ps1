BeforeAll {
    . $PSScriptRoot/Common.ps1
    Import-Module $Manifest -Force
}

AfterAll { Clear-Lab }

# What goes wrong with whole machines; SSH that does not answer is in Ssh.Tests.ps1, errors of cloud-init in Machine.Tests.ps1.
Describe 'A new instance that cannot be' {
    It 'says that the pool is full, and what to do' {
        $pool = "full$($env:LAB_NUMBER)"
        incus storage create $pool btrfs size=128MiB
        $null = New-IncusInstance filler busybox -StoragePool $pool
        incus exec filler -- dd if=/dev/zero of=/big bs=1M 2>$null
        New-IncusInstance overfull busybox -StoragePool $pool -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'OperationFailed,*'
        $problem[0].ErrorDetails.Message | Should -BeLike '*overfull*no space left on device*'
        $problem[0].ErrorDetails.RecommendedAction | Should -BeLike 'The storage is full: delete what is not needed on it, or give the pool a larger size'
        incus exec filler -- rm /big
        (New-IncusInstance overfull busybox -StoragePool $pool).Status | Should -Be Running
        Remove-IncusInstance filler, overfull -Force -Confirm:$false
        incus storage delete $pool
    }

    It 'says that the name is taken by a stack, and leaves that one alone' {
        $file = Write-StackFile "name: owner`ninstances: { taken: { image: busybox } }"
        $null = Invoke-IncusCompose $file
        $before = (Get-Api '/1.0/instances/taken/state').pid
        New-IncusInstance taken busybox -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].ErrorDetails.Message | Should -BeLike '*it belongs to the stack "owner"*'
        (Get-Api '/1.0/instances/taken/state').pid | Should -Be $before
        Remove-IncusStack owner -Confirm:$false
    }

    It 'says that no server has the image: <Image>' -TestCases @(
        @{ Image = 'nosuch'; Message = '*there is no image "nosuch" for containers on the server*' }
        @{ Image = 'nowhere:debian/12'; Message = '*nowhere*' }
    ) {
        New-IncusInstance imageless $Image -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].ErrorDetails.Message | Should -BeLike $Message
        $problem[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        Get-IncusInstance imageless* | Should -BeNullOrEmpty
    }

    It 'leaves nothing where it does not start, so that the corrected line makes it' {
        New-IncusInstance half busybox -Network macvlan:nosuch -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem | Should -HaveCount 1
        "$problem" | Should -BeLike 'Creating instance half: *nosuch*'
        Get-Api '/1.0/instances' | Should -Not -Contain '/1.0/instances/half'
        (New-IncusInstance half busybox).Status | Should -Be 'Running'
        # One that somebody made before is kept, and what is different is told before it fails.
        incus delete --force half
        incus init busybox half -d eth0,nictype=macvlan -d eth0,parent=nosuch -d eth0,network= 2>$null
        New-IncusInstance half busybox -Cpu 1 -WarningVariable warning -WarningAction SilentlyContinue -ErrorAction SilentlyContinue -ErrorVariable problem
        "$problem" | Should -BeLike 'Starting instance half: *'
        "$warning" | Should -BeLike '*half is there already and kept as it is, which is not as asked for: *limits.cpu*'
        Get-Api '/1.0/instances' | Should -Contain '/1.0/instances/half'
        incus delete --force half
    }

    It 'is not asked for under a name that the server would refuse: <Name>' -ForEach @(
        @{ Name = 'bad name'; Advice = 'write `bad-name`' }
        @{ Name = '12'; Advice = 'put a letter in it' }
    ) {
        New-IncusInstance $Name, good busybox -NoStart -ErrorAction SilentlyContinue -ErrorVariable problem | ForEach-Object Name | Should -Be 'good'
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'BadInstanceName,*'
        "$problem" | Should -BeLike '*-Name: *cannot be an instance''s name: it *'
        "$problem".Contains($Advice) | Should -BeTrue
        incus delete good
    }

    It 'says that the folder to mount is not there, and what to do' {
        New-IncusInstance folderless busybox -Volume /none/such:/x -ErrorAction SilentlyContinue -ErrorVariable problem | Should -BeNullOrEmpty
        $problem[0].ErrorDetails.RecommendedAction | Should -BeLike 'Make the folder on the server*'
    }
}

Describe 'A daemon that is gone in the middle' {
    It 'is said of each instance, and the same line carries on when it is back' {
        $names = 1..6 | ForEach-Object { "mid$_" }
        $name = $env:LAB_NAME
        $killing = Start-ThreadJob { while (-not (incus list mid --format csv --columns n)) { [Threading.Thread]::Yield() | Out-Null }; & $using:Lab kill $using:name }
        New-IncusInstance $names busybox -ThrottleLimit 2 -ErrorAction SilentlyContinue -ErrorVariable problems | Should -BeNullOrEmpty
        $killing | Receive-Job -Wait
        $problems.Count | Should -BeGreaterThan 0
        $problems | ForEach-Object { $_.FullyQualifiedErrorId } | Sort-Object -Unique | Should -Be 'DaemonNotRunning,IncusCompose.PowerShell.Commands.NewIncusInstanceCommand'
        $problems[0].ErrorDetails.RecommendedAction | Should -BeLike 'Start it: *'

        $null = & $Lab restart $env:LAB_NAME
        New-IncusInstance $names busybox -ErrorAction SilentlyContinue -ErrorVariable problems | ForEach-Object Status | Sort-Object -Unique | Should -Be Running
        # One that the daemon was just making has no disk.
        $problems | ForEach-Object { $_.ErrorDetails.Message } | Where-Object { $_ -notlike 'The creation of instance * did not finish, and it never ran' } | Should -BeNullOrEmpty
        $problems | ForEach-Object { $_.TargetObject } | Remove-IncusInstance -Force -Confirm:$false
        (New-IncusInstance $names busybox).Status | Should -Be (@('Running') * 6)
        Remove-IncusInstance mid* -Force -Confirm:$false
    }
}
